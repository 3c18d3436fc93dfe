#include "crypto/own_program.h"
#include "tests/catch.h"
#include "tests/support/seeded_random.h"
#include "tests/tools/audit_fault.h"
#include "tests/tools/audit_run.h"
#include "tests/tools/honest_drafts.h"

namespace mutual::audit {
namespace {

using namespace testing;  // NOLINT: the builder

}  // namespace

TEST_CASE("An honest log verifies", "[audit]") {
  const Entries entries = Render(HonestDrafts());
  const auto done = VerifyFiles(Serve(entries));
  INFO(TextOf(*done));
  REQUIRE(done->findings.exit_code() == kVerified);
  for (const std::string_view id : Replayer::Rules()) {
    INFO(id);
    CHECK(done->findings.Has(id, Verdict::kPass));
    // An honest federation has nothing to dispute.
    CHECK((done->findings.counted(id) > 0 || id == "DISPUTE"));
  }
}

TEST_CASE("An auditor learns whether the coordinator put this build on record", "[audit]") {
  const auto verdict = [](const std::string& signer, const std::string& sha256) {
    Drafts drafts = HonestDrafts();
    Draft software = Copy(drafts, "software", "auditor");
    software.signers = {signer};
    if (signer == "coordinator") software.Erase("node").Erase("seen");
    software.Erase("program").Erase("sha256");
    software.Add("program", "mutual-audit").Add("sha256", sha256);
    InsertAfter(drafts, "software", software);
    const auto done = VerifyFiles(Serve(Render(drafts)));
    INFO(TextOf(*done));
    CHECK(done->findings.exit_code() == kVerified);
    return done->findings.Has("SOFTWARE", Verdict::kPass);
  };
  const std::string own = crypto::DigestOfOwnProgram()->ToHex();
  CHECK(verdict("coordinator", own));
  CHECK_FALSE(verdict("coordinator", HashText("another build")));
  CHECK_FALSE(verdict("node/north", own));  // a node cannot vouch for an auditor's program
}

// The checkpoint that the auditor saved is the honest log's newest.
TEST_CASE("Every seeded fault is found by its check", "[audit]") {
  const Entries honest = Render(HonestDrafts());
  const std::string saved = SignedCheckpoint(HeadOf(honest));
  size_t rows = 0;
  for (const auto& faults : {MemberFaults(), DecisionFaults(), RoundFaults(), MaskFaults(),
                             TallyFaults(), ReleaseFaults(), ByteFaults()}) {
    for (const Fault& fault : faults) {
      Drafts drafts = HonestDrafts();
      if (fault.drafts) fault.drafts(drafts);
      Entries entries = fault.drafts ? Render(drafts) : honest;
      if (fault.entries) fault.entries(entries);
      Files files = Serve(entries);
      if (fault.files) fault.files(files);
      const bool has_history = std::string(fault.check) == "APPEND";
      const auto done = VerifyFiles(files, has_history ? saved : "");
      INFO(fault.name << "\n" << TextOf(*done));
      CHECK(done->findings.Has(fault.check, Verdict::kFail));
      CHECK(done->findings.exit_code() == fault.exit);
      ++rows;
    }
  }
  WARN(rows << " seeded faults");
  REQUIRE(rows >= 100);
}

// Every byte of every file matters: whichever bit is flipped, the log does not verify.
TEST_CASE("No flipped bit in any file goes unseen", "[audit]") {
  const Files honest = Serve(Render(HonestDrafts()));
  mutual::testing::SeededRandom random(11);
  for (int i = 0; i < 150; ++i) {
    Files files = honest;
    auto file = files.begin();
    std::advance(file, static_cast<long>(random.NextUint64() % files.size()));
    const size_t at = random.NextUint64() % file->second.size();
    file->second[at] = static_cast<char>(file->second[at] ^ (1 << (random.NextUint64() % 8)));
    const auto done = VerifyFiles(files);
    INFO(file->first << " byte " << at << "\n" << TextOf(*done));
    CHECK((done->findings.exit_code() == kWrong || done->findings.exit_code() == kRuleBroken));
  }
}

}  // namespace mutual::audit
