#include "client/node/ledger_check.h"

#include <map>

#include "base/status.h"
#include "client/node/round_guard.h"
#include "tests/catch.h"
#include "tests/support/one_entry_log.h"
#include "tests/support/temporary_folder.h"
#include "transparency/compact_range.h"
#include "transparency/entry_bundle.h"
#include "transparency/tile.h"

namespace mutual::client {
namespace {

using testing::kTestOrigin;
using transparency::EntryWriter;

const absl::Time kNow = absl::FromUnixSeconds(1800000000);
const absl::Time kYearBefore = kNow - absl::Hours(24) * 365;

Digest StudyNumber(uint8_t number) {
  Digest digest;
  digest.bytes.fill(number);
  return digest;
}

transparency::StudyTerms Terms() { return {"mean", 3, 5, 2, 1, 1e-6, 2.5, 3, 1}; }

// A log that grows entry by entry, and the ledger of the node "north".
class Fixture {
 public:
  void Mandate(uint8_t study, const std::string& node) {
    EntryWriter writer("mandate", kTestOrigin);
    writer.Head("seen", tree_.Head())
        .Study(StudyNumber(study))
        .Text("node", node)
        .Text("body", "operator")
        .Time("expires", kNow)
        .Time("time", kYearBefore);
    Append(writer, "node/" + node);
  }
  void Start(uint8_t study, uint64_t round) {
    EntryWriter writer("round-start", kTestOrigin);
    terms.AddTo(&writer);
    writer.Study(StudyNumber(study))
        .Integer("round", round)
        .Integer("propose", 0)
        .Integer("roster-size", 3)
        .Hash("roster", Digest{})
        .Time("deadline", kNow)
        .Time("time", kYearBefore);
    Append(writer, "coordinator");
  }
  void Contribute(uint8_t study, uint64_t round, const std::string& node) {
    EntryWriter writer("contribution", kTestOrigin);
    writer.Head("seen", tree_.Head())
        .Study(StudyNumber(study))
        .Integer("round", round)
        .Text("node", node)
        .Integer("vector-len", 3)
        .Hash("sha256", Digest{})
        .Time("time", kYearBefore);
    Append(writer, "node/" + node);
  }
  // A round that north answered and charged.
  void Answered(uint8_t study, uint64_t round) {
    Start(study, round);
    Contribute(study, round, "north");
    REQUIRE_OK(ledger->CatchUp({*ChargeOf(Terms(), {StudyNumber(study), round, kNow})},
                               *ledger->log_checked()));
  }

  std::unique_ptr<transparency::LogReader> Reader() const {
    std::map<std::string, std::string> files;
    const auto width = static_cast<uint32_t>(entries_.size());
    std::vector<Digest> leaves;
    for (const std::string& entry : entries_) leaves.push_back(transparency::LeafHash(entry));
    files[transparency::TilePath({0, 0, width})] = transparency::PrintTile(leaves);
    files[transparency::TilePath({transparency::kEntriesLevel, 0, width})] =
        *transparency::PrintBundle(entries_);
    return *transparency::LogReader::Open(
        [files](const std::string& path) -> absl::StatusOr<std::string> {
          const auto found = files.find(path);
          if (found == files.end()) return NotFound("%s is missing", path);
          return found->second;
        },
        tree_.Head());
  }
  absl::Status Check() { return CheckAgainstLog(*Reader(), "north", *ledger); }
  std::vector<LostRound> Lost() { return *FindLostRounds(*Reader(), "north", *ledger, kNow); }
  void CatchUp() {
    std::vector<RoundCharge> charges;
    for (const LostRound& round : Lost()) charges.push_back(round.charge);
    REQUIRE_OK(ledger->CatchUp(charges, entries_.size()));
  }
  double SpentIn(int year) {
    return ledger->Spent(year, Digest{}, privacy::Figure::kNode)->year[0];
  }

 private:
  void Append(const EntryWriter& writer, const std::string& signer) {
    const auto note = *transparency::NoteSigner::Create(signer, testing::KeyOf('k'));
    const transparency::NoteSigner* const signers[] = {&note};
    entries_.push_back(transparency::SignEntry(*writer.Finish(), signers)->ToBytes());
    tree_.Append(transparency::LeafHash(entries_.back()));
  }

  testing::TemporaryFolder folder_;
  std::vector<std::string> entries_;
  transparency::CompactRange tree_;

 public:
  transparency::StudyTerms terms = Terms();
  std::unique_ptr<Ledger> ledger = *Ledger::Open((folder_.path() / "ledger.sqlite").string());
};

}  // namespace

TEST_CASE("A ledger that charged every contribution agrees with the log, and remembers it",
          "[ledger]") {
  Fixture fixture;
  fixture.Mandate(1, "north");
  fixture.Answered(1, 1);
  fixture.Contribute(1, 1, "east");
  REQUIRE_OK(fixture.Check());
  CHECK(*fixture.ledger->log_checked() == 4);
  fixture.Answered(1, 2);
  REQUIRE_OK(fixture.Check());
  CHECK(*fixture.ledger->log_checked() == 6);
}

TEST_CASE("⚔ A restored ledger is refused until the log's contributions are charged", "[ledger]") {
  Fixture fixture;
  fixture.Mandate(1, "north");
  fixture.Answered(1, 1);
  fixture.Start(1, 2);
  fixture.Contribute(1, 2, "north");  // after the backup
  for (int attempt = 0; attempt < 2; ++attempt) {
    const absl::Status status = fixture.Check();
    CHECK(ErrorCode(status) == "LEDGER_BEHIND_LOG");
    CHECK_THAT(std::string(status.message()), ContainsSubstring("catch-up"));
  }
  fixture.CatchUp();
  REQUIRE_OK(fixture.Check());
  CHECK(*fixture.ledger->IsCharged(StudyNumber(1), 2));
}

TEST_CASE("⚔ A ledger that is lost altogether is charged with everything, in the years it was",
          "[ledger]") {
  Fixture fixture;
  fixture.Mandate(1, "north");
  for (const uint64_t round : {1, 2, 3}) {
    fixture.Start(1, round);
    fixture.Contribute(1, round, "north");
  }
  CHECK(ErrorCode(fixture.Check()) == "LEDGER_BEHIND_LOG");
  fixture.CatchUp();
  CHECK_THAT(fixture.SpentIn(2026),
             WithinRel(3 * ChargeOf(Terms(), {Digest{}, 1, kNow})->node[0], 1e-12));
  CHECK(fixture.SpentIn(2027) == 0);
}

TEST_CASE("⚔ What is charged from the log counts every local step", "[ledger]") {
  Fixture fixture;
  fixture.terms.local_steps = 7;
  fixture.Mandate(1, "north");
  fixture.Start(1, 1);
  fixture.Contribute(1, 1, "north");
  fixture.CatchUp();
  CHECK_THAT(fixture.SpentIn(2026),
             WithinRel(7 * ChargeOf(Terms(), {Digest{}, 1, kNow})->node[0], 1e-12));
  const auto released = fixture.ledger->Spent(2026, Digest{}, privacy::Figure::kPublic);
  CHECK(released->year[0] == fixture.SpentIn(2026));
}

TEST_CASE("⚔ Rounds that were open meanwhile are charged too, for bytes may have left unlogged",
          "[ledger]") {
  Fixture fixture;
  fixture.Start(3, 1);  // of a study without a mandate
  fixture.Mandate(1, "north");
  fixture.Start(1, 1);  // not answered, before the backup
  REQUIRE_OK(fixture.Check());
  fixture.Start(1, 2);
  fixture.Contribute(1, 2, "east");
  fixture.Start(1, 3);
  fixture.Contribute(1, 3, "north");
  fixture.Mandate(2, "east");
  fixture.Start(2, 1);
  const std::vector<LostRound> lost = fixture.Lost();
  REQUIRE(lost.size() == 2);
  CHECK((lost[0].charge.round == 2 && !lost[0].contributed && lost[0].charge.year == 2027));
  CHECK((lost[1].charge.round == 3 && lost[1].contributed && lost[1].charge.year == 2026));
  fixture.CatchUp();
  REQUIRE_OK(fixture.Check());
  CHECK_FALSE(*fixture.ledger->IsCharged(StudyNumber(1), 1));
  CHECK(*fixture.ledger->IsCharged(StudyNumber(1), 2));
}

TEST_CASE("Catching up twice charges once, and another node's contributions are its own affair",
          "[ledger]") {
  Fixture fixture;
  fixture.Mandate(1, "north");
  fixture.Start(1, 1);
  fixture.Contribute(1, 1, "north");
  fixture.Contribute(1, 1, "east");
  fixture.CatchUp();
  const double once = fixture.SpentIn(2026);
  REQUIRE_OK(fixture.ledger->CatchUp({*ChargeOf(Terms(), {StudyNumber(1), 1, kYearBefore})}, 4));
  CHECK(fixture.SpentIn(2026) == once);
  CHECK(once > 0);
}

TEST_CASE("A log shorter than the ledger was compared with is asked for again", "[ledger]") {
  Fixture fixture;
  fixture.Mandate(1, "north");
  REQUIRE_OK(fixture.ledger->CatchUp({}, 2));
  CHECK(absl::IsUnavailable(fixture.Check()));
}

}  // namespace mutual::client
