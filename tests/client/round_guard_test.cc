#include "client/node/round_guard.h"

#include <filesystem>
#include <functional>
#include <optional>

#include "absl/strings/str_replace.h"
#include "base/status.h"
#include "privacy/study_phase.h"
#include "tests/catch.h"
#include "tests/support/one_entry_log.h"
#include "tests/support/study_text.h"
#include "tests/support/temporary_folder.h"

namespace mutual::client {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1800000000);

// A node that accepted one study, and the round its coordinator should ask for.
struct Fixture {
  explicit Fixture(const std::string& text = testing::MeanStudyText())
      : trust(*Trust::Open(folder.path(), testing::kTestOrigin, testing::KeyOf('l').verify_key())),
        ledger(*Ledger::Open((folder.path() / "ledger.sqlite").string())),
        study(*study::ParseStudy(text, SolveNoise)) {
    Answer(true);
    const auto recipe = *study::MakeRecipe(study);
    terms = TermsOf(study, *recipe);
    digest = study.digest;
    if (recipe->needs_model()) model = Digest{};
  }

  void Answer(bool accepted) {
    REQUIRE_OK(ledger->RecordAnswer({study.digest, study.text, accepted, "", kNow}));
  }
  transparency::Entry Start() const {
    transparency::EntryWriter writer("round-start", origin);
    terms.AddTo(&writer);
    writer.Study(digest)
        .Integer("round", round)
        .Integer("propose", 0)
        .Integer("threshold", 2)
        .Integer("roster-size", roster_size)
        .Hash("roster", Digest{})
        .Time("deadline", kNow + absl::Minutes(1))
        .Time("time", kNow);
    if (model) writer.Hash("model", *model);
    if (clip) writer.Real("gradient-clip", *clip);
    return *writer.Finish();
  }
  absl::StatusOr<AdmittedRound> Admit(const std::string& receipt) {
    return AdmitRound({testing::kTestOrigin, trust.get(), &policy, ledger.get(), now}, receipt);
  }
  absl::StatusOr<AdmittedRound> Admit() { return Admit(testing::ReceiptOf(Start())); }
  // A log of one entry is another log every time: what this node saw before is forgotten.
  void ForgetLog() {
    std::filesystem::remove_all(folder.path() / "trust");
    trust = *Trust::Open(folder.path(), testing::kTestOrigin, testing::KeyOf('l').verify_key());
  }
  std::string Code() {
    ForgetLog();
    const auto admitted = Admit();
    REQUIRE(!admitted.ok());
    CAPTURE(Describe(admitted.status()));
    REQUIRE(admitted.status().message().size() > 20);  // a sentence, not a word
    return ErrorCode(admitted.status());
  }

  testing::TemporaryFolder folder;
  std::unique_ptr<Trust> trust;
  std::unique_ptr<Ledger> ledger;
  study::Study study;
  std::string origin = testing::kTestOrigin;
  transparency::StudyTerms terms;
  Digest digest;
  uint64_t round = 1, roster_size = 4;
  std::optional<Digest> model;
  std::optional<double> clip;
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
  CHECK(round->seen.size == 1);
}

TEST_CASE("⚔ A clip that the study's rule cannot have chosen is refused", "[guard]") {
  Fixture fixture(
      absl::StrReplaceAll(testing::TrainStudyText(9),
                          {{"noise_multiplier = 2", "noise_multiplier = 4"},
                           {"clip = 1",
                            "clip = 1\nclip_quantile = 0.5\nclip_rate = 0.2\nclip_weight = 0.2\n"
                            "clip_lowest = 0.5\nclip_highest = 1.2"}}));
  CHECK(fixture.terms.member_bound == std::sqrt(1.01));
  CHECK(fixture.Code() == "PARAMETERS_DIFFER");  // none at all
  fixture.clip = 1.01;
  CHECK(fixture.Code() == "PARAMETERS_DIFFER");  // the first round's stands in the study
  fixture.round = 2;
  fixture.clip = 1.1;  // one step is at most 2.1/1.9 = 1.105
  fixture.ForgetLog();
  const auto round = fixture.Admit();
  REQUIRE_OK(round);
  CHECK(round->clip == 1.1);
  for (const double clip : {1.11, 0.9, 0.0, -1.0}) {
    fixture.clip = clip;
    CHECK(fixture.Code() == "PARAMETERS_DIFFER");
  }
  fixture.round = 9;
  for (const double clip : {1.21, 0.49}) {  // in reach, but beyond what the study allows
    fixture.clip = clip;
    CHECK(fixture.Code() == "PARAMETERS_DIFFER");
  }
}

TEST_CASE("⚔ A study with a fixed clip has no other in any round", "[guard]") {
  Fixture fixture(testing::TrainStudyText(9));
  fixture.clip = 1;
  CHECK(fixture.Code() == "PARAMETERS_DIFFER");
}

TEST_CASE("⚔ A round is charged for every local step, in both figures", "[guard]") {
  Fixture fixture(absl::StrReplaceAll(testing::LocalStudyText(3, 5),
                                      {{"noise_multiplier = 2", "noise_multiplier = 20"}}));
  const auto round = fixture.Admit();
  REQUIRE_OK(round);
  CHECK(round->charge.node == *privacy::CurveOf(privacy::Phase{20, 1, 5}));
  CHECK(round->charge.public_figure == round->charge.node);
  ContributionRecord record;
  record.study = fixture.study.digest;
  record.round = 1;
  REQUIRE_OK(fixture.ledger->ChargeAndStore(fixture.policy, round->charge, record));
  for (const auto figure : {privacy::Figure::kNode, privacy::Figure::kPublic}) {
    const auto spent = fixture.ledger->Spent(2027, fixture.study.digest, figure);
    REQUIRE_OK(spent);
    const auto wanted = *privacy::CurveOf(privacy::Phase{20, 1, 5});
    for (size_t i = 0; i < wanted.size(); ++i) {
      REQUIRE_THAT(spent->study[i], WithinRel(wanted[i], 1e-12));
    }
  }
}

TEST_CASE("⚔ A round that says less of its local steps than the study is refused", "[guard]") {
  Fixture fixture(absl::StrReplaceAll(testing::LocalStudyText(3, 5),
                                      {{"noise_multiplier = 2", "noise_multiplier = 20"}}));
  for (const uint64_t steps : {0, 4, 6}) {
    fixture.terms.local_steps = steps;
    CHECK(fixture.Code() == "PARAMETERS_DIFFER");
  }
  Fixture plain(testing::TrainStudyText(3));
  plain.terms.local_steps = 5;
  CHECK(plain.Code() == "PARAMETERS_DIFFER");
}

TEST_CASE("⚔ Limits are asked about all local steps", "[guard]") {
  const std::string text = absl::StrReplaceAll(testing::LocalStudyText(1, 50),
                                               {{"noise_multiplier = 2", "noise_multiplier = 10"}});
  const auto one = *privacy::EpsilonsOf({10, 1, 1}, 2, 1e-6);
  const auto all = *privacy::EpsilonsOf({10, 1, 1, 50}, 2, 1e-6);
  Fixture fixture(text);
  fixture.policy = {1e-6, 100, 100, all.node * 0.99, 100, {3, 4, 6, 8, 12, 20, 32, 64}};
  REQUIRE(fixture.policy.study_epsilon_node > 5 * one.node);
  CHECK(fixture.Code() == "EPSILON_ABOVE_POLICY");
  fixture.policy.study_epsilon_node = 100;
  fixture.policy.yearly_epsilon_node = all.node * 0.99;
  CHECK(fixture.Code() == "BUDGET_SPENT");
  // What is published is no better protected than a node's own.
  fixture.policy.yearly_epsilon_node = 100;
  fixture.policy.yearly_epsilon_public = all.node * 0.99;
  CHECK(fixture.Code() == "BUDGET_SPENT");
  fixture.policy.yearly_epsilon_public = 100;
  fixture.ForgetLog();
  REQUIRE_OK(fixture.Admit());
}

TEST_CASE("A study that was not accepted, or was refused, is named", "[guard]") {
  Fixture fixture;
  fixture.Answer(false);
  CHECK(fixture.Code() == "STUDY_NOT_ACCEPTED");
  fixture.digest.bytes.fill(7);
  CHECK(fixture.Code() == "STUDY_NOT_ACCEPTED");
}

TEST_CASE("⚔ A round in a log of another key is refused", "[guard]") {
  Fixture fixture;
  const auto admitted = fixture.Admit(testing::ReceiptOf(fixture.Start(), 's'));
  CHECK(absl::IsUnauthenticated(admitted.status()));
}

TEST_CASE("⚔ A round that is not in the tree that was signed is refused", "[guard]") {
  Fixture fixture;
  auto proof = *transparency::ParseProof(testing::ReceiptOf(fixture.Start()));
  fixture.round = 2;
  proof.entry = transparency::ParseProof(testing::ReceiptOf(fixture.Start()))->entry;
  CHECK(ErrorCode(fixture.Admit(PrintProof(proof)).status()) == "PROOF_WRONG");
}

TEST_CASE("⚔ Two trees of one size are a fork: the node refuses and keeps both", "[guard]") {
  Fixture fixture;
  REQUIRE_OK(fixture.Admit());
  fixture.roster_size = 5;
  CHECK(ErrorCode(fixture.Admit().status()) == "LOG_FORKED");
  size_t kept = 0;
  for ([[maybe_unused]] const auto& file :
       std::filesystem::directory_iterator(fixture.folder.path() / "evidence")) {
    ++kept;
  }
  CHECK(kept == 2);
}

TEST_CASE("⚔ A round of another federation's log is refused", "[guard]") {
  Fixture fixture;
  fixture.origin = "other.example/audit";
  CHECK(fixture.Code() == "WRONG_LOG");
}

TEST_CASE("⚔ Any parameter that differs from the accepted study is refused", "[guard]") {
  const auto change = GENERATE(values<std::function<void(Fixture&)>>({
      [](Fixture& fixture) { fixture.terms.noise_multiplier = 1; },
      [](Fixture& fixture) { fixture.terms.sampling_rate = 0.5; },
      [](Fixture& fixture) { fixture.terms.delta = 1e-3; },
      [](Fixture& fixture) { fixture.terms.member_bound *= 2; },
      [](Fixture& fixture) { fixture.terms.vector_length += 1; },
      [](Fixture& fixture) { fixture.terms.min_nodes = 2; },
      [](Fixture& fixture) { fixture.terms.assumed_colluders = 0; },
      [](Fixture& fixture) { fixture.terms.recipe = "histogram"; },
      [](Fixture& fixture) { fixture.terms.rounds = 2; },
      [](Fixture& fixture) { fixture.roster_size = 2; },
      [](Fixture& fixture) { fixture.round = 2; },
      [](Fixture& fixture) { fixture.model = Digest{}; },
  }));
  Fixture fixture;
  change(fixture);
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
  fixture.round = 3;
  const auto round = fixture.Admit();
  REQUIRE_OK(round);
  ContributionRecord record;
  record.study = fixture.study.digest;
  record.round = 3;
  REQUIRE_OK(fixture.ledger->ChargeAndStore(fixture.policy, round->charge, record));
  CHECK(fixture.Code() == "ROUND_REPEATED");
  fixture.round = 2;
  CHECK(fixture.Code() == "ROUND_NOT_INCREASING");
}

TEST_CASE("A ledger whose study file was changed is noticed", "[guard]") {
  Fixture fixture;
  const std::string other =
      absl::StrReplaceAll(fixture.study.text, {{"multiplier = 2\n", "multiplier = 1\n"}});
  REQUIRE_OK(fixture.ledger->RecordAnswer({fixture.study.digest, other, true, "", kNow}));
  CHECK(fixture.Code() == "STUDY_DIGEST");
}

TEST_CASE("⚔ A receipt of another entry than the one that was sent is none", "[node]") {
  Fixture f;
  const std::string receipt = testing::ReceiptOf(f.Start());
  const std::string sent = *transparency::ParseProof(receipt)->entry;
  REQUIRE_OK(f.trust->VerifyReceiptOf(sent, receipt));
  CHECK(ErrorCode(f.trust->VerifyReceiptOf(sent + "more", receipt)) == "RECEIPT_WRONG");
  CHECK(ErrorCode(f.trust->VerifyReceiptOf("", receipt)) == "RECEIPT_WRONG");
}

}  // namespace mutual::client
