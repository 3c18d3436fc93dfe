// ThreadSanitizer sees absl::Mutex and gRPC's reactors as they are shown to it
// (tests/support/tsan_mutex.cc and tsan_grpc.cc): it reports no race where a mutex is used, or
// between the callbacks of one reactor, and still every race where no mutex is, or not the right
// one.
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

namespace mutual {
namespace {

constexpr int kReported = 66;  // ThreadSanitizer's exit status

struct Run {
  int status = -1;
  std::string output;
};

Run RunCommand(const std::string& command) {
  Run run;
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> part{};
  while (const size_t length = std::fread(part.data(), 1, part.size(), pipe))
    run.output.append(part.data(), length);
  const int status = ::pclose(pipe);
  if (WIFEXITED(status)) run.status = WEXITSTATUS(status);
  return run;
}

Run RunCase(const std::string& name) {
  return RunCommand("TSAN_OPTIONS= " + std::string(MUTUAL_RACE_CASES) + " " + name);
}

Run RunReactors(const std::string& name) {
  const testing::TemporaryFolder folder;
  return RunCommand("TSAN_OPTIONS=suppressions=" MUTUAL_SOURCE_DIR "/tests/support/tsan.supp " +
                    std::string(MUTUAL_REACTOR_CASES) + " " + name + " " +
                    (folder.path() / "socket").string());
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

TEST_CASE(
    "What a reactor writes in one callback is no race with the next, nor with what follows "
    "Shutdown",
    "[sanitizer]") {
  const Run run = RunReactors("own");
  INFO(run.output);
  CHECK(run.status == 0);
}

TEST_CASE("What two reactors write without a mutex is a race", "[sanitizer]") {
  const Run run = RunReactors("shared");
  INFO(run.output);
  CHECK(run.status == kReported);
  CHECK_THAT(run.output, ContainsSubstring("WARNING: ThreadSanitizer: data race"));
  CHECK_THAT(run.output, ContainsSubstring("CountWrongly"));
}

TEST_CASE("Mutexes that are locked in two orders are reported", "[sanitizer]") {
  const Run run = RunCase("reversed");
  INFO(run.output);
  CHECK(run.status == kReported);
  CHECK_THAT(run.output, ContainsSubstring("lock-order-inversion (potential deadlock)"));
}

}  // namespace mutual
