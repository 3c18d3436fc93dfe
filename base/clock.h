// The time, as a parameter.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace mutual {

// Wall-clock time. Implementations are safe to call from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() const override;
};

// "2026-11-23T10:31:07Z": UTC, whole seconds, the only form written to files.
std::string FormatUtc(absl::Time time);
// The exact inverse; false when `text` is in any other form.
bool ParseUtc(const std::string& text, absl::Time* time);

}  // namespace mutual
