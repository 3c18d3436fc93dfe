// A preloaded library that gives one process another disk and another clock.
//
// MUTUAL_WORLD names a file of two native int64: seconds added to the real-time clock, and whether
// every write to a file fails with ENOSPC. The test changes the file while the process runs.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

namespace {

struct World {
  volatile int64_t clock_offset;
  volatile int64_t disk_full;
};

World* world = nullptr;

__attribute__((constructor)) void OpenWorld() {
  const char* const path = getenv("MUTUAL_WORLD");
  if (path == nullptr) return;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void* const memory = mmap(nullptr, sizeof(World), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (memory != MAP_FAILED) world = static_cast<World*>(memory);
}

// Logs go on: only files that are opened for reading too, or named, regular ones above 2, are full.
bool IsFull(int file) {
  if (world == nullptr || world->disk_full == 0 || file <= 2) return false;
  struct stat facts;
  return fstat(file, &facts) == 0 && S_ISREG(facts.st_mode);
}

template <typename F>
F Real(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

int64_t Offset() { return world == nullptr ? 0 : world->clock_offset; }

}  // namespace

extern "C" {

ssize_t write(int file, const void* bytes, size_t size) {
  static const auto real = Real<ssize_t (*)(int, const void*, size_t)>("write");
  if (IsFull(file)) return errno = ENOSPC, -1;
  return real(file, bytes, size);
}

ssize_t writev(int file, const struct iovec* parts, int count) {
  static const auto real = Real<ssize_t (*)(int, const struct iovec*, int)>("writev");
  if (IsFull(file)) return errno = ENOSPC, -1;
  return real(file, parts, count);
}

ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  static const auto real = Real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  if (IsFull(file)) return errno = ENOSPC, -1;
  return real(file, bytes, size, at);
}

ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t at) {
  static const auto real = Real<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  if (IsFull(file)) return errno = ENOSPC, -1;
  return real(file, bytes, size, at);
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  static const auto real = Real<int (*)(clockid_t, struct timespec*)>("clock_gettime");
  const int result = real(clock, now);
  if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec += Offset();
  return result;
}

int gettimeofday(struct timeval* now, void* zone) {
  static const auto real = Real<int (*)(struct timeval*, void*)>("gettimeofday");
  const int result = real(now, zone);
  if (result == 0) now->tv_sec += Offset();
  return result;
}

time_t time(time_t* out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

// Waits until a wall-clock time, as Abseil's do, are the kernel's, whose clock has not moved.
long syscall(long number, ...) {
  static const auto real = Real<long (*)(long, ...)>("syscall");
  va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  struct timespec until;
  if (number == SYS_futex && (arguments[1] & FUTEX_CLOCK_REALTIME) != 0 && arguments[3] != 0) {
    until = *reinterpret_cast<const struct timespec*>(arguments[3]);
    until.tv_sec -= Offset();
    arguments[3] = reinterpret_cast<long>(&until);
  }
  return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
              arguments[5]);
}

}  // extern "C"
