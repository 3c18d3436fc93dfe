// How long a large log takes. Prints and never asserts a time: machines differ.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "tests/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/tools/honest_drafts.h"

namespace mutual::audit {
namespace {

using namespace testing;  // NOLINT: the builder

// The honest founding, then one masked training study of as many rounds as fill the log.
Drafts LongDrafts(size_t entries) {
  HonestWriter log;
  log.Found();
  const std::vector<std::string> tallying = {"east", "north", "south"};
  const size_t per_round = kNodes.size() + tallying.size() + 3;
  const Terms terms{"train", entries / per_round, 8, 0.01};
  log.Propose("long", terms);
  for (const std::string& node : kNodes)
    log.Decide("long", node, "mandate").Erase("max-epsilon-node");
  log.MaskStudy("long");
  log.Join("long", kNodes);
  // The release repeats the whole study's figures: they are computed once here.
  Draft release = log.Release("long", terms, 1, 4);
  log.drafts().pop_back();
  for (uint64_t round = 1; round <= terms.rounds; ++round) {
    log.Round("long", terms, round, kNodes);
    log.Tally("long", round, tallying);
    Draft next = release;
    next.label = HonestWriter::Label("release", "long", round);
    next.Set("round", std::to_string(round))
        .Set("round-start", "@" + HonestWriter::Label("start", "long", round))
        .Set("close", "@" + HonestWriter::Label("close", "long", round))
        .Set("model", HonestWriter::ModelAfter("long", round));
    for (const std::string& name : tallying) {
      next.Add("tally", "@" + HonestWriter::Label("tally", "long", round) + "-" + name);
    }
    log.drafts().push_back(next);
  }
  return log.drafts();
}

// Runs `work` in a process of its own, so that its memory is not measured with another's.
template <typename Work>
rusage InProcess(const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  rusage usage{};
  REQUIRE(::wait4(child, &status, 0, &usage) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  return usage;
}

}  // namespace

TEST_CASE("100,000 entries are verified; the time is printed", "[audit][.slow]") {
  const mutual::testing::TemporaryFolder folder;
  const std::string log = (folder.path() / "log").string();
  const std::string policy = (folder.path() / "policy").string();
  InProcess([&] {
    WriteFiles(Serve(Render(LongDrafts(100'000))), log);
    std::ofstream(policy) << PolicyText();
    return 0;
  });
  const auto begin = std::chrono::steady_clock::now();
  const rusage usage = InProcess([&] {
    return ::execl(MUTUAL_BINARY_DIR "/bin/mutual-audit", "mutual-audit", "verify", log.c_str(),
                   "--policy", policy.c_str(), static_cast<char*>(nullptr));
  });
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  WARN("100,000 entries in " << seconds.count() << " s, " << usage.ru_maxrss / 1024
                             << " MB (bars: 20 s, 200 MB)");
}

}  // namespace mutual::audit
