// ThreadSanitizer sees absl::Mutex as it is shown to it (tests/support/tsan_mutex.cc): it reports
// no race where a mutex is used, and still every race where none is, or not the right one.
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

#include "tests/catch.h"

namespace mutual {
namespace {

constexpr int kReported = 66;  // ThreadSanitizer's exit status

struct Run {
  int status = -1;
  std::string output;
};

Run RunCase(const std::string& name) {
  const std::string command =
      "TSAN_OPTIONS= " + std::string(MUTUAL_RACE_CASES) + " " + name + " 2>&1";
  Run run;
  FILE* const pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> part{};
  while (const size_t length = std::fread(part.data(), 1, part.size(), pipe))
    run.output.append(part.data(), length);
  const int status = ::pclose(pipe);
  if (WIFEXITED(status)) run.status = WEXITSTATUS(status);
  return run;
}

}  // namespace

TEST_CASE("Data under an absl::Mutex is no race", "[sanitizer]") {
  const auto* const name =
      GENERATE("locked", "tried", "read", "awaited", "awaited-in-time", "locked-when", "signalled");
  const Run run = RunCase(name);
  INFO(name << ": " << run.output);
  CHECK(run.status == 0);
  CHECK(run.output.empty());
}

TEST_CASE("Data without its mutex is a race", "[sanitizer]") {
  const auto* const name = GENERATE("unlocked", "one-unlocked", "two-mutexes", "written-by-readers",
                                    "unlocked-after-awaited", "unlocked-condition");
  const Run run = RunCase(name);
  INFO(name << ": " << run.output);
  CHECK(run.status == kReported);
  CHECK_THAT(run.output, ContainsSubstring("WARNING: ThreadSanitizer: data race"));
}

TEST_CASE("Mutexes that are locked in two orders are reported", "[sanitizer]") {
  const Run run = RunCase("reversed");
  INFO(run.output);
  CHECK(run.status == kReported);
  CHECK_THAT(run.output, ContainsSubstring("lock-order-inversion (potential deadlock)"));
}

}  // namespace mutual
