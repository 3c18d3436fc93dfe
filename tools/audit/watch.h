// A log watched over time: what was verified last is remembered, and a fork is never forgotten.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "tools/audit/verification.h"

namespace mutual::audit {

// Two files: STATE is the newest checkpoint that verified; STATE.alarm, once written, holds what
// was found, and is latched: only a person removes it.
class WatchState {
 public:
  explicit WatchState(std::string file) : file_(std::move(file)) {}
  // The checkpoint verified last; empty at first.
  absl::StatusOr<std::string> Newest() const;
  absl::Status Remember(const std::string& checkpoint) const;
  // The alarm that stands, or empty.
  absl::StatusOr<std::string> Alarm() const;
  // Keeps the first alarm.
  absl::Status Raise(const std::string& text) const;

 private:
  std::string file_;
};

struct Look {
  std::unique_ptr<Verification> done;  // null when nothing new was published
  bool is_alarm = false;               // something wrong was found now
};

// One look at the log: verifies it, against the state, and remembers it afterwards. UNAVAILABLE or
// NOT_FOUND when nobody answers; the state is as before then.
absl::StatusOr<Look> LookAt(const std::string& source, const transparency::Policy* policy,
                            const WatchState& state);

}  // namespace mutual::audit
