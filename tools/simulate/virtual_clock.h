// A clock that stands still until somebody moves it.
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"
#include "base/clock.h"

namespace mutual::simulate {

// Thread-safe. Never goes back.
class VirtualClock final : public Clock {
 public:
  // `start` is cut to whole seconds, as entries of the log have them.
  explicit VirtualClock(absl::Time start) : seconds_(absl::ToUnixSeconds(start)) {}
  absl::Time Now() const override { return absl::FromUnixSeconds(seconds_.load()); }
  // To `time`, rounded up; nothing happens when that is past.
  void MoveTo(absl::Time time) {
    const int64_t wanted = absl::ToUnixSeconds(time + absl::Nanoseconds(999999999));
    int64_t now = seconds_.load();
    while (now < wanted && !seconds_.compare_exchange_weak(now, wanted)) {
    }
  }

 private:
  std::atomic<int64_t> seconds_;
};

}  // namespace mutual::simulate
