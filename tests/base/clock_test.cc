#include "base/clock.h"

#include <string>

#include "tests/catch.h"

namespace mutual {
namespace {

TEST_CASE("A time is written in UTC with whole seconds", "[clock]") {
  CHECK(FormatUtc(absl::UnixEpoch()) == "1970-01-01T00:00:00Z");
  CHECK(FormatUtc(absl::FromUnixSeconds(1'795'429'867)) == "2026-11-23T10:31:07Z");
  CHECK(FormatUtc(absl::FromUnixMillis(1'999)) == "1970-01-01T00:00:01Z");
  CHECK(FormatUtc(absl::FromUnixMillis(-1)) == "1969-12-31T23:59:59Z");
}

TEST_CASE("A written time reads back", "[clock]") {
  const std::string text =
      GENERATE(as<std::string>(), "2026-11-23T10:31:07Z", "1970-01-01T00:00:00Z",
               "2024-02-29T23:59:59Z", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z");
  absl::Time time;
  REQUIRE(ParseUtc(text, &time));
  CHECK(FormatUtc(time) == text);
}

TEST_CASE("Any other form of a time is refused and leaves the result alone", "[clock]") {
  const std::string text =
      GENERATE(as<std::string>(), "", "2026-11-23", "2026-11-23 10:31:07Z", "2026-11-23T10:31:07",
               "2026-11-23T10:31:07z", "2026-11-23T10:31:07+00:00", "2026-11-23T10:31:07.5Z",
               " 2026-11-23T10:31:07Z", "2026-11-23T10:31:07Z ", "2026-11-23T10:31:07Z\n",
               "2026-11-23T10:31:60Z", "2026-02-29T10:31:07Z", "2026-13-01T10:31:07Z",
               "2026-11-23T24:00:00Z", "2026-1-23T10:31:07Z", "12026-11-23T10:31:07Z",
               "infinite-future", "infinite-past");
  CAPTURE(text);
  absl::Time time = absl::FromUnixSeconds(7);
  CHECK_FALSE(ParseUtc(text, &time));
  CHECK(time == absl::FromUnixSeconds(7));
}

// Only that it is a clock of our days: 2020 to 2200.
TEST_CASE("The system's clock tells the time", "[clock]") {
  const SystemClock clock;
  CHECK(clock.Now() > absl::FromUnixSeconds(1'577'836'800));
  CHECK(clock.Now() < absl::FromUnixSeconds(7'258'118'400));
}

}  // namespace
}  // namespace mutual
