// Streams of one server and what their reactors write, as race_test.cc wants them: `reactor_cases
// NAME SOCKET`. Exits with ThreadSanitizer's status when that has something to report, otherwise
// with 0, 1 for a failed call or 2 for an unknown name.
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "mutual/federation/v1/federation.grpc.pb.h"

namespace {

namespace fed = ::mutual::federation::v1;

constexpr int kStreams = 4;
constexpr int kChunks = 200;

// What all reactors may write, rightly or wrongly.
struct Shared {
  bool is_raced_for = false;
  int chunks = 0;
  std::atomic<int> arrived = 0;
  absl::Mutex mutex;
  int ended = 0;  // under the mutex; without it once the server has shut down
};

// Two threads come here together, and without any order between them: relaxed atomics make none.
void CountWrongly(Shared* shared) {
  shared->arrived.fetch_add(1, std::memory_order_relaxed);
  for (int i = 0; i < 1000000 && shared->arrived.load(std::memory_order_relaxed) < 2; ++i)
    std::this_thread::yield();
  ++shared->chunks;
}

// Writes its chunks one after the other; gRPC calls it from any thread, but never from two at a
// time.
class Stream final : public grpc::ServerWriteReactor<fed::Chunk> {
 public:
  explicit Stream(Shared* shared) : shared_(shared) { Next(); }
  void OnWriteDone(bool ok) override {
    if (ok) return Next();
    Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override {
    {
      const absl::MutexLock lock(&shared_->mutex);
      if (sent_ == kChunks) ++shared_->ended;
    }
    delete this;
  }

 private:
  void Next() {
    if (sent_ == kChunks) return Finish(grpc::Status::OK);
    ++sent_;
    if (shared_->is_raced_for) CountWrongly(shared_);
    chunk_.set_data(std::string(1000, static_cast<char>('a' + sent_ % 26)));
    StartWrite(&chunk_);
  }

  Shared* const shared_;
  int sent_ = 0;
  fed::Chunk chunk_;
};

class Server final : public fed::Federation::CallbackService {
 public:
  explicit Server(Shared* shared) : shared_(shared) {}
  grpc::ServerWriteReactor<fed::Chunk>* FetchContent(grpc::CallbackServerContext*,
                                                     const fed::FetchContentRequest*) override {
    return new Stream(shared_);
  }

 private:
  Shared* const shared_;
};

bool ReadOne(const std::string& address) {
  const auto stub =
      fed::Federation::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  const auto reader = stub->FetchContent(&context, {});
  int read = 0;
  for (fed::Chunk chunk; reader->Read(&chunk);) ++read;
  return reader->Finish().ok() && read == kChunks;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string name = count == 3 ? arguments[1] : "";
  if (name != "own" && name != "shared") {
    std::fprintf(stderr, "unknown case \"%s\", want own or shared, and a socket\n", name.c_str());
    return 2;
  }
  Shared shared;
  shared.is_raced_for = name == "shared";
  Server service(&shared);
  const std::string address = std::string("unix:") + arguments[2];
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  std::atomic<bool> is_read = true;
  std::vector<std::thread> readers;
  for (int i = 0; i < kStreams; ++i) {
    readers.emplace_back([&address, &is_read] {
      if (!ReadOne(address)) is_read = false;
    });
  }
  for (std::thread& reader : readers) reader.join();
  server->Shutdown();
  server->Wait();
  return is_read && shared.ended == kStreams ? 0 : 1;
}
