#include "client/scrutineer/study_history.h"

#include "client/scrutineer/confirmation.h"
#include "client/scrutineer/liar.h"
#include "client/scrutineer/node_desk.h"
#include "tests/catch.h"
#include "tests/client/written_log.h"
#include "tests/support/temporary_folder.h"

namespace mutual::client {
namespace {

using testing::Names;
using testing::WrittenLog;

const absl::Time kNow = absl::FromUnixSeconds(1800000000);

struct Read {
  explicit Read(WrittenLog& log) { REQUIRE_OK(log.ReadInto(&view)); }
  FederationView view{std::string(testing::kOrigin)};
};

bool HasEnded(WrittenLog& log, absl::Time now = kNow) {
  const Read read(log);
  return read.view.Find(log.study.digest)->HasEnded(now);
}

TEST_CASE("A study has ended when the log says so, or its last day is over", "[scrutineer]") {
  WrittenLog log;
  log.Found();
  log.Propose(kNow);
  CHECK(!HasEnded(log));
  CHECK(HasEnded(log, kNow + absl::Seconds(1)));
  SECTION("its last round is released") {
    log.Start(1);
    const uint64_t close = log.Close(1, log.ContributeAll(1));
    CHECK(!HasEnded(log));
    log.Release(1, close);
    CHECK(HasEnded(log));
  }
  SECTION("a round is abandoned") {
    log.Start(1);
    log.Abandon(1);
    CHECK(HasEnded(log));
  }
  SECTION("it is abandoned before its first round") {
    log.Abandon(0);
    CHECK(HasEnded(log));
  }
  SECTION("an incident ends it") {
    testing::tl::EntryWriter writer = log.Writer("incident");
    writer.Study(log.study.digest).Text("code", "OPERATOR_STOPPED").Text("what", "Stopped.");
    log.Add(writer, {"coordinator"});
    CHECK(HasEnded(log));
  }
  SECTION("not when somebody else says so") {
    testing::tl::EntryWriter writer = log.OfRound("abandon", 0);
    writer.Text("code", "TOO_FEW_CONTRIBUTIONS");
    log.Add(writer, {"node/farm"});
    CHECK(!HasEnded(log));
  }
}

class FixedClock final : public Clock {
 public:
  absl::Time Now() const override { return kNow; }
};

TEST_CASE("A node erases its keys when the log ends the study, without being asked",
          "[scrutineer][attack]") {
  WrittenLog log;
  log.Join();
  mutual::testing::TemporaryFolder folder;
  const auto ledger = *Ledger::Open((folder.path() / "ledger.sqlite").string());
  MaskKeys masks(folder.path());
  mutual::testing::SeededRandom random(1);
  REQUIRE_OK(masks.SeedOf(log.study.digest, random));
  const auto log_key = testing::KeyOf("vector log").verify_key();
  const auto trust = *Trust::Open(folder.path(), std::string(testing::kOrigin), log_key);
  ReadingRoom room(std::string(testing::kOrigin), trust.get());
  const FixedClock clock;
  NodeDesk desk({nullptr, ledger.get(), &masks, &room, &clock, &random, [](const std::string&) {}});
  const auto sweep = [&] {
    const TrustReply shown{log.Checkpoint(testing::kOrganisations), ""};
    REQUIRE_OK(room.ReadShown(log.fetch(), shown, ""));
    REQUIRE_OK(desk.Sweep());
  };
  sweep();
  CHECK(desk.HasKeys());
  log.Abandon(0);
  sweep();
  CHECK(!desk.HasKeys());
}

TEST_CASE("An entry that cannot be judged keeps no other from being confirmed",
          "[scrutineer][attack]") {
  const std::vector<uint64_t> entries = {7, 8, 9, 10};
  const Confirmation confirmation =
      ConfirmEach(entries, [](uint64_t index) -> absl::StatusOr<bool> {
        if (index == 7) return InvalidArgument("malformed");
        if (index == 9) return InvalidArgument("malformed as well");
        return true;
      });
  CHECK(confirmation.masks == std::vector<uint64_t>{8, 10});
  CHECK_THAT(std::string(confirmation.first_bad.message()), ContainsSubstring("masks entry 7"));
  CHECK(ConfirmEach(entries, [](uint64_t) { return false; }).first_bad.ok());
}

// Three classes' holders of four scrutineers; every class has three of them.
const Names kTrue = {"a", "b", "c", "d"};
const Names kFalse = {"x", "b", "c", "d"};  // of class 0: mine, quay and yard hold it

struct Tallied {
  WrittenLog log;
  uint64_t close = 0;
  Tallied() {
    log.Join();
    log.Start(1);
    close = log.Close(1, log.ContributeAll(1));
  }
  std::vector<Liar> Named(const std::string& by) {
    const Read read(log);
    return LiarsOf(*read.view.Find(log.study.digest), 1, {by, ThresholdOf(log.study)});
  }
};

TEST_CASE("A holder that a majority contradicts is a liar", "[scrutineer][attack]") {
  Tallied round;
  round.log.Tally("mine", 1, round.close, kTrue);
  round.log.Tally("quay", 1, round.close, kFalse);
  CHECK(round.Named("mine").empty());  // one against one
  round.log.Tally("yard", 1, round.close, kTrue);
  REQUIRE(round.Named("mine").size() == 1);
  CHECK(round.Named("mine")[0].name == "quay");
  CHECK(round.Named("mine")[0].mask_class == 0);
  CHECK(round.Named("quay").empty());  // the liar has no majority with it
}

TEST_CASE("A liar that repeats its tally has one voice", "[scrutineer][attack]") {
  Tallied round;
  round.log.Tally("mine", 1, round.close, kTrue);
  round.log.Tally("quay", 1, round.close, kFalse);
  round.log.Tally("quay", 1, round.close, kFalse);
  CHECK(round.Named("quay").empty());
}

TEST_CASE("A tally of another close is nobody's witness", "[scrutineer][attack]") {
  Tallied round;
  round.log.Tally("mine", 1, round.close, kTrue);
  round.log.Tally("quay", 1, round.close, kFalse);
  round.log.Tally("yard", 1, round.close + 1, kFalse);
  CHECK(round.Named("quay").empty());
}

TEST_CASE("Who was named once is not named again, also after a restart", "[scrutineer]") {
  Tallied round;
  round.log.Tally("mine", 1, round.close, kTrue);
  round.log.Tally("quay", 1, round.close, kFalse);
  round.log.Tally("yard", 1, round.close, kTrue);
  round.log.Dispute("mine", "quay", 2);  // of another round
  CHECK(round.Named("mine").size() == 1);
  round.log.Dispute("mine", "quay", 1);
  CHECK(round.Named("mine").empty());
  CHECK(round.Named("yard").size() == 1);
}

}  // namespace
}  // namespace mutual::client
