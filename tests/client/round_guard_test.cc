#include "client/node/round_guard.h"

#include <functional>

#include "absl/strings/str_replace.h"
#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "tests/catch.h"
#include "tests/support/study_text.h"
#include "tests/support/temporary_folder.h"

namespace mutual::client {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1800000000);
constexpr char kOrigin[] = "fed.example/audit";

// A node that accepted one study, and the round its coordinator should ask for.
struct Fixture {
  explicit Fixture(const std::string& text = testing::MeanStudyText())
      : log_key(*crypto::SigningKey::FromSeed(AsBytes(std::string(32, 'l')))),
        ledger(*Ledger::Open((folder.path() / "ledger.sqlite").string())),
        study(*study::ParseStudy(text, SolveNoise)) {
    Answer(true);
    const auto recipe = *study::MakeRecipe(study);
    start = {kOrigin,
             study.digest,
             1,
             std::nullopt,
             recipe->dimension(),
             1,
             recipe->member_bound(),
             study.privacy.noise_multiplier,
             3,
             4,
             Digest{},
             kNow + absl::Minutes(1)};
    if (recipe->needs_model()) start.model = Digest{};
  }

  void Answer(bool accepted) {
    REQUIRE_OK(ledger->RecordAnswer({study.digest, study.text, accepted, "", "", kNow}));
  }
  absl::StatusOr<AdmittedRound> Admit() {
    const std::string text = start.ToText();
    return AdmitRound({kOrigin, &log_key.verify_key(), &policy, ledger.get(), now}, text,
                      log_key.Sign(text));
  }
  std::string Code() {
    const auto admitted = Admit();
    REQUIRE(!admitted.ok());
    CAPTURE(Describe(admitted.status()));
    REQUIRE(admitted.status().message().size() > 20);  // a sentence, not a word
    return ErrorCode(admitted.status());
  }

  testing::TemporaryFolder folder;
  crypto::SigningKey log_key;
  std::unique_ptr<Ledger> ledger;
  study::Study study;
  study::RoundStart start;
  privacy::BudgetPolicy policy{1e-6, 20, 20, 8, 8, {3, 4, 6, 8, 12, 20, 32, 64}};
  absl::Time now = kNow;
};

}  // namespace

TEST_CASE("A round that is what the accepted study says is admitted", "[guard]") {
  Fixture fixture;
  const auto round = fixture.Admit();
  REQUIRE_OK(round);
  CHECK(round->recipe->dimension() == 3);
  CHECK(round->grid.noise_stddev >= 2 * round->grid.sensitivity);
  CHECK(round->charge.year == 2027);
}

TEST_CASE("A study that was not accepted, or was refused, is named", "[guard]") {
  Fixture fixture;
  fixture.Answer(false);
  CHECK(fixture.Code() == "STUDY_NOT_ACCEPTED");
  fixture.start.study.bytes.fill(7);
  CHECK(fixture.Code() == "STUDY_NOT_ACCEPTED");
}

TEST_CASE("⚔ A round not signed by the federation's log key is refused", "[guard]") {
  Fixture fixture;
  const auto stranger = *crypto::SigningKey::FromSeed(AsBytes(std::string(32, 's')));
  const std::string text = fixture.start.ToText();
  const auto admitted = AdmitRound(
      {kOrigin, &fixture.log_key.verify_key(), &fixture.policy, fixture.ledger.get(), kNow}, text,
      stranger.Sign(text));
  CHECK(ErrorCode(admitted.status()) == "BAD_SIGNATURE");
}

TEST_CASE("⚔ A round of another federation's log is refused", "[guard]") {
  Fixture fixture;
  fixture.start.origin = "other.example/audit";
  CHECK(fixture.Code() == "WRONG_LOG");
}

TEST_CASE("⚔ Any parameter that differs from the accepted study is refused", "[guard]") {
  const auto change = GENERATE(values<std::function<void(study::RoundStart&)>>({
      [](study::RoundStart& start) { start.noise_multiplier = 1; },
      [](study::RoundStart& start) { start.sampling_rate = 0.5; },
      [](study::RoundStart& start) { start.member_bound *= 2; },
      [](study::RoundStart& start) { start.vector_length += 1; },
      [](study::RoundStart& start) { start.min_nodes = 2; },
      [](study::RoundStart& start) { start.roster_size = 2; },
      [](study::RoundStart& start) { start.round = 2; },
      [](study::RoundStart& start) { start.round = 0; },
      [](study::RoundStart& start) { start.model = Digest{}; },
  }));
  Fixture fixture;
  change(fixture.start);
  CHECK(fixture.Code() == "PARAMETERS_DIFFER");
}

TEST_CASE("An expired study and a round past its deadline are told apart", "[guard]") {
  Fixture fixture;
  fixture.now = kNow + absl::Hours(1);
  CHECK(fixture.Code() == "ROUND_EXPIRED");
  fixture.now = absl::FromCivil(absl::CivilDay(2036, 1, 1), absl::UTCTimeZone());
  CHECK(fixture.Code() == "STUDY_EXPIRED");
}

TEST_CASE("A study above the organisation's limit is refused", "[guard]") {
  Fixture fixture;
  fixture.policy.study_epsilon_node = 0.5;
  CHECK(fixture.Code() == "EPSILON_ABOVE_POLICY");
}

TEST_CASE("A spent budget refuses before any row is read", "[guard]") {
  Fixture fixture;
  fixture.policy.yearly_epsilon_node = 0.1;
  fixture.policy.yearly_epsilon_public = 0.1;
  CHECK(fixture.Code() == "BUDGET_SPENT");
}

TEST_CASE("A round number that does not increase is refused", "[guard]") {
  Fixture fixture(
      absl::StrReplaceAll(testing::TrainStudyText(5), {{"multiplier = 2", "multiplier = 20"}}));
  fixture.start.round = 3;
  const auto round = fixture.Admit();
  REQUIRE_OK(round);
  ContributionRecord record;
  record.study = fixture.study.digest;
  record.round = 3;
  REQUIRE_OK(fixture.ledger->ChargeAndStore(fixture.policy, round->charge, record));
  CHECK(fixture.Code() == "ROUND_REPEATED");
  fixture.start.round = 2;
  CHECK(fixture.Code() == "ROUND_NOT_INCREASING");
}

TEST_CASE("A ledger whose study file was changed is noticed", "[guard]") {
  Fixture fixture;
  const std::string other = absl::StrReplaceAll(fixture.study.text, {{"= 2\n", "= 1\n"}});
  REQUIRE_OK(fixture.ledger->RecordAnswer({fixture.study.digest, other, true, "", "", kNow}));
  CHECK(fixture.Code() == "STUDY_DIGEST");
}

}  // namespace mutual::client
