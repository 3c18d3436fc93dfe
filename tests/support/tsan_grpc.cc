// For the preset tsan only, where it is part of every program: shows to ThreadSanitizer where gRPC
// hands work over.
//
// Debian's gRPC is built without it and hands a call's operations from thread to thread through
// queues without locks. What gRPC promises is said here and nothing more: an operation's callback
// runs after the operation was begun, a reactor's OnDone after all its other callbacks, and a
// server's Shutdown returns after every OnDone. The functions below come before gRPC's in the
// program and in every library that it loads, and call gRPC's own. gRPC's classes are not needed
// for it, so that programs without gRPC link this file too.
#include <dlfcn.h>
#include <grpc/support/time.h>
#include <sanitizer/tsan_interface.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace {

template <typename Function>
Function* Grpc(const char* name) {
  void* const found = ::dlsym(RTLD_NEXT, name);
  if (found == nullptr) {
    std::fprintf(stderr,
                 "gRPC has no %s: tests/support/tsan_grpc.cc is for another release of it\n", name);
    std::abort();
  }
  return reinterpret_cast<Function*>(found);
}

// Stands for the calls that are over. One for all servers: a program has one.
char calls_over = 0;

}  // namespace

extern "C" {

// Begins the operations whose end `tag` is told.
int grpc_call_start_batch(void* call, const void* operations, size_t count, void* tag,
                          void* reserved) {
  static auto* const grpc = Grpc<decltype(grpc_call_start_batch)>("grpc_call_start_batch");
  __tsan_release(tag);
  return grpc(call, operations, count, tag, reserved);
}

// grpc::internal::CallbackWithSuccessTag::StaticRun, through which a reactor hears of their end.
#define MUTUAL_STATIC_RUN \
  "_ZN4grpc8internal22CallbackWithSuccessTag9StaticRunEP29grpc_completion_queue_functori"
void MutualRunTag(void* tag, int is_ok) __asm__(MUTUAL_STATIC_RUN);
void MutualRunTag(void* tag, int is_ok) {
  static auto* const grpc = Grpc<void(void*, int)>(MUTUAL_STATIC_RUN);
  __tsan_acquire(tag);
  grpc(tag, is_ok);
}

// grpc::internal::ServerCallbackCall::ScheduleOnDone, called by whoever took the last reference to
// the call away. When that was gRPC's own code, after OnCancel, nobody saw that it was the last:
// the count stands behind the table of functions and another count.
#define MUTUAL_ON_DONE "_ZN4grpc8internal18ServerCallbackCall14ScheduleOnDoneEb"
void MutualScheduleOnDone(char* call, bool is_inline) __asm__(MUTUAL_ON_DONE);
void MutualScheduleOnDone(char* call, bool is_inline) {
  static auto* const grpc = Grpc<void(char*, bool)>(MUTUAL_ON_DONE);
  __tsan_acquire(call + sizeof(void*) + sizeof(int));
  grpc(call, is_inline);
}

// Called last of a call, after OnDone.
void grpc_call_unref(void* call) {
  static auto* const grpc = Grpc<decltype(grpc_call_unref)>("grpc_call_unref");
  __tsan_release(&calls_over);
  grpc(call);
}

// grpc::Server::ShutdownInternal, which waits for all calls by a count of its own.
#define MUTUAL_SHUTDOWN "_ZN4grpc6Server16ShutdownInternalE12gpr_timespec"
void MutualShutdown(void* server, gpr_timespec deadline) __asm__(MUTUAL_SHUTDOWN);
void MutualShutdown(void* server, gpr_timespec deadline) {
  static auto* const grpc = Grpc<void(void*, gpr_timespec)>(MUTUAL_SHUTDOWN);
  grpc(server, deadline);
  __tsan_acquire(&calls_over);
}

}  // extern "C"
