#include "tools/simulate/work_pool.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace mutual::simulate {

absl::Status ForEach(size_t count, size_t threads,
                     const std::function<absl::Status(size_t)>& work) {
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = false;
  std::mutex mutex;
  size_t first = count;
  absl::Status status;
  const auto run = [&] {
    for (size_t i = next++; i < count && !failed; i = next++) {
      const absl::Status done = work(i);
      if (done.ok()) continue;
      failed = true;
      const std::lock_guard<std::mutex> lock(mutex);
      if (i < first) {
        first = i;
        status = done;
      }
    }
  };
  std::vector<std::thread> others;
  for (size_t t = 1; t < std::min(threads, count); ++t) others.emplace_back(run);
  run();
  for (std::thread& other : others) other.join();
  return status;
}

}  // namespace mutual::simulate
