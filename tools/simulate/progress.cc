#include "tools/simulate/progress.h"

#include <cstdio>
#include <numeric>
#include <string>

namespace mutual::simulate {

namespace {
constexpr int kWidth = 40;
}

void Progress::Set(size_t part, double share) {
  const std::lock_guard<std::mutex> lock(mutex_);
  shares_[part] = share;
  if (!is_shown_) return;
  const double whole =
      std::accumulate(shares_.begin(), shares_.end(), 0.0) / static_cast<double>(shares_.size());
  if (static_cast<int>(whole * 1000) == drawn_) return;
  drawn_ = static_cast<int>(whole * 1000);
  const auto filled = static_cast<size_t>(whole * kWidth);
  std::fprintf(stderr, "\rsimulating [%s%s] %3d %% ", std::string(filled, '#').c_str(),
               std::string(kWidth - filled, '.').c_str(), drawn_ / 10);
  std::fflush(stderr);
}

Progress::~Progress() {
  if (is_shown_ && drawn_ >= 0) std::fprintf(stderr, "\r%*s\r", kWidth + 22, "");
}

}  // namespace mutual::simulate
