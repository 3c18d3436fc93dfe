#include "base/clock.h"

#include <string>

#include "absl/time/clock.h"

namespace mutual {

absl::Time SystemClock::Now() const { return absl::Now(); }

std::string FormatUtc(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

bool ParseUtc(const std::string& text, absl::Time* time) {
  // The size keeps out "infinite-future", which Abseil reads under any format, and later years.
  constexpr size_t kSize = sizeof("2026-11-23T10:31:07Z") - 1;
  absl::Time parsed;
  std::string error;
  if (text.size() != kSize || !absl::ParseTime("%Y-%m-%dT%H:%M:%SZ", text, &parsed, &error) ||
      FormatUtc(parsed) != text) {
    return false;
  }
  *time = parsed;
  return true;
}

}  // namespace mutual
