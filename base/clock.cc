#include "base/clock.h"

#include <string>

#include "absl/time/clock.h"

namespace mutual {

absl::Time SystemClock::Now() const { return absl::Now(); }

std::string FormatUtc(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

bool ParseUtc(const std::string& text, absl::Time* time) {
  std::string error;
  return absl::ParseTime("%Y-%m-%dT%H:%M:%SZ", text, time, &error) && FormatUtc(*time) == text;
}

}  // namespace mutual
