// Threads for calls that wait for the log: gRPC's own must not block.
#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace mutual::coordinator {

// Runs each task on a thread of its own up to `limit`, then in order of arrival. Thread-safe; the
// destructor waits for all.
class WaitingThreads {
 public:
  explicit WaitingThreads(size_t limit) : limit_(limit) {}
  ~WaitingThreads();
  void Run(std::function<void()> task);

 private:
  void Work();

  const size_t limit_;
  absl::Mutex mutex_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  size_t idle_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace mutual::coordinator
