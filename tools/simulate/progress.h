// A progress bar on a terminal's stderr; nothing elsewhere.
#pragma once

#include <mutex>
#include <vector>

namespace mutual::simulate {

// Thread-safe.
class Progress {
 public:
  // `parts`: how many things make the whole. Draws only when `is_shown`.
  Progress(size_t parts, bool is_shown) : shares_(parts, 0), is_shown_(is_shown) {}
  ~Progress();
  void Set(size_t part, double share);

 private:
  std::mutex mutex_;
  std::vector<double> shares_;
  const bool is_shown_;
  int drawn_ = -1;  // thousandths
};

}  // namespace mutual::simulate
