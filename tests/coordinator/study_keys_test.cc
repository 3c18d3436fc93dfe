// A join window whose entries reach the log, but not the coordinator.
#include <algorithm>

#include "base/clock.h"
#include "base/status.h"
#include "coordinator/service/study_run.h"
#include "crypto/digest.h"
#include "tests/catch.h"
#include "tests/support/one_entry_log.h"
#include "tests/support/study_text.h"
#include "tests/support/temporary_folder.h"

namespace mutual::coordinator {
namespace {

using mutual::testing::KeyOf;
using mutual::testing::kTestOrigin;

// A proposed study and a log that nobody need cosign.
struct Fixture {
  Fixture() {
    StudyRecord record;
    record.text = mutual::testing::MeanStudyText();
    record.digest = digest;
    record.proposed_at = FormatUtc(clock.Now());
    record.state = "proposed";
    REQUIRE_OK(journal->SaveStudy(record));
    run = Load(record);
  }
  std::unique_ptr<StudyRun> Load(const StudyRecord& record) {
    return *StudyRun::Load({journal.get(), store.get(), log.get(), retention.get()}, record);
  }
  // A scrutineer's key in the log, of which the coordinator is told nothing.
  void LogKeyOf(const std::string& name) const {
    transparency::EntryWriter writer("scrutineer", kTestOrigin);
    writer.Head("seen", {1, Digest{}})
        .Study(digest)
        .Integer("window", 1)
        .Text("node", name)
        .Hash("x25519", crypto::Sha256(name))
        .Time("time", clock.Now());
    REQUIRE_OK(log->Append(*log->Sign(*writer.Finish())));
  }
  bool IsAskedForKey(const std::string& name) const {
    const std::vector<MaskDuty> duties = run->DutiesFor(name, clock.Now());
    return std::any_of(duties.begin(), duties.end(),
                       [](const MaskDuty& duty) { return duty.kind == DutyKind::kPublishKey; });
  }

  mutual::testing::TemporaryFolder folder;
  SystemClock clock;
  Digest digest = crypto::Sha256(mutual::testing::MeanStudyText());
  crypto::SigningKey log_key = KeyOf('l'), entry_key = KeyOf('c');
  CosignBoard board{[] {}};
  std::unique_ptr<Journal> journal = *Journal::Open((folder.path() / "journal.sqlite").string());
  std::unique_ptr<ContentStore> store = *ContentStore::Open(folder.path() / "content");
  std::unique_ptr<Retention> retention =
      *Retention::Open((folder.path() / "kept.sqlite").string(), {}, store.get());
  std::unique_ptr<PublicLog> log =
      *PublicLog::Open({folder.path() / "log", kTestOrigin, &log_key, &entry_key, "fed.example",
                        "rules", &clock, &board, [](const std::string&) {}},
                       nullptr);
  std::unique_ptr<StudyRun> run;
};

}  // namespace

TEST_CASE("What a join window logged without the coordinator is taken: its sender thinks it done",
          "[keys]") {
  Fixture f;
  f.LogKeyOf("north");
  CHECK(f.IsAskedForKey("north"));
  const auto taken = f.run->TakeLoggedKeys();
  REQUIRE_OK(taken);
  CHECK(*taken);
  CHECK_FALSE(f.IsAskedForKey("north"));
  CHECK(f.IsAskedForKey("south"));
  CHECK_FALSE(*f.run->TakeLoggedKeys());
}

TEST_CASE("A coordinator that starts again takes what was logged", "[keys]") {
  Fixture f;
  f.LogKeyOf("south");
  f.run = f.Load(f.run->record());
  CHECK_FALSE(f.IsAskedForKey("south"));
  CHECK_FALSE(*f.run->TakeLoggedKeys());
}

}  // namespace mutual::coordinator
