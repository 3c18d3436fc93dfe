// How long a large log takes. Prints and never asserts a time: machines differ.
#include <sys/resource.h>

#include <chrono>

#include "base/file.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/tools/audit_program.h"
#include "tests/tools/honest_drafts.h"
#include "tools/audit/finding.h"

namespace mutual::audit {
namespace {

using namespace testing;  // NOLINT: the builder

// The honest founding, then one training study of as many rounds as fill the log.
Drafts LongDrafts(size_t entries) {
  HonestWriter log;
  log.Found();
  const size_t per_round = kNodes.size() + 3;
  const Terms terms{"train", entries / per_round, 8, 0.01};
  log.Propose("long", terms);
  for (const std::string& node : kNodes)
    log.Decide("long", node, "mandate").Erase("max-epsilon-node");
  // The release repeats the whole study's figures: they are computed once here.
  Draft release = log.Release("long", terms, 1, 4);
  log.drafts().pop_back();
  for (uint64_t round = 1; round <= terms.rounds; ++round) {
    log.Round("long", terms, round, kNodes);
    Draft next = release;
    next.label = HonestWriter::Label("release", "long", round);
    next.Set("round", std::to_string(round))
        .Set("round-start", "@" + HonestWriter::Label("start", "long", round))
        .Set("close", "@" + HonestWriter::Label("close", "long", round))
        .Set("model", HonestWriter::ModelAfter("long", round));
    log.drafts().push_back(next);
  }
  return log.drafts();
}

}  // namespace

TEST_CASE("100,000 entries are verified; the time is printed", "[audit][.slow]") {
  const mutual::testing::TemporaryFolder folder;
  const Entries entries = Render(LongDrafts(100'000));
  WriteFiles(Serve(entries), folder.path() / "log");
  std::ofstream(folder.path() / "mutual-audit.policy") << PolicyText();
  const auto begin = std::chrono::steady_clock::now();
  const Ran ran = RunAudit(folder.path(), "verify log");
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  INFO(ran.output);
  CHECK(ran.code == kVerified);
  WARN(entries.size() << " entries in " << seconds.count() << " s, " << usage.ru_maxrss / 1024
                      << " MB (bars: 20 s, 200 MB)");
}

}  // namespace mutual::audit
