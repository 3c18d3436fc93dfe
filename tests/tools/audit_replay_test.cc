// Replay against the coordinator's own arithmetic: two programs, the same bits.
#include <nlohmann/json.hpp>

#include "tests/tools/audit_program.h"
#include "tests/tools/released_study.h"
#include "tools/audit/finding.h"

namespace mutual::audit {
namespace {

using namespace testing;  // NOLINT: the builder

// The study's scrutineers in the order in which the builder numbers them.
std::string InBuilderOrder(std::string text) {
  const std::string from = "\"north\", \"south\", \"west\", \"east\"";
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), "\"east\", \"north\", \"south\", \"west\"");
}

}  // namespace

TEST_CASE("A statistic is replayed bit for bit from masked vectors and class sums", "[audit]") {
  ReleasedStudy study(InBuilderOrder(mutual::testing::MeanStudyText()));
  const Ran ran = study.Replay(1);
  INFO(ran.output);
  CHECK(ran.code == kVerified);
  for (const char* const id : {"REPLAY-STUDY", "REPLAY-FILES", "REPLAY-SUM", "REPLAY-RESULT"}) {
    CHECK_THAT(ran.output, ContainsSubstring(std::string("pass  ") + id));
  }
}

TEST_CASE("Training is replayed bit for bit, round after round", "[audit]") {
  ReleasedStudy study(InBuilderOrder(mutual::testing::TrainStudyText(4)));
  for (const uint64_t round : {uint64_t{1}, uint64_t{4}}) {
    const Ran ran = study.Replay(round);
    INFO(ran.output);
    CHECK(ran.code == kVerified);
    CHECK_THAT(ran.output, ContainsSubstring("pass  REPLAY-MODEL"));
  }
  CHECK(study.Replay(5).code == kUnchecked);
}

TEST_CASE("Every learning-rate schedule is replayed bit for bit", "[audit]") {
  const char* const schedule =
      GENERATE("schedule = \"linear\"\nfinal_share = 0.1\nwarmup_rounds = 2\naveraging = 0.9",
               "schedule = \"inverse_root\"\nwarmup_rounds = 1\nmomentum = 0.9");
  ReleasedStudy study(InBuilderOrder(absl::StrReplaceAll(
      mutual::testing::TrainStudyText(5),
      {{"optimizer = \"sgd\"", "optimizer = \"sgd\"\n" + std::string(schedule)}})));
  const Ran ran = study.Replay(5);
  INFO(schedule << "\n" << ran.output);
  CHECK(ran.code == kVerified);
  CHECK_THAT(ran.output, ContainsSubstring("pass  REPLAY-MODEL"));
}

TEST_CASE(
    "A clip that adapts is replayed, and one that does not follow from the sums is provably wrong",
    "[audit]") {
  const std::string text = InBuilderOrder(
      absl::StrReplaceAll(mutual::testing::TrainStudyText(4),
                          {{"clip = 1",
                            "clip = 1\nclip_quantile = 0.5\nclip_rate = 0.5\nclip_weight = 0.2\n"
                            "clip_lowest = 0.01\nclip_highest = 100"}}));
  ReleasedStudy study(text);
  CHECK(study.next_clip() != 1);
  const Ran ran = study.Replay(4);
  INFO(ran.output);
  CHECK(ran.code == kVerified);
  CHECK_THAT(ran.output, ContainsSubstring("pass  REPLAY-CLIP"));
  CHECK_THAT(ran.output, ContainsSubstring("pass  REPLAY-MODEL"));
  CHECK_THAT(ran.output, ContainsSubstring("pass  REPLAY-RESULT"));
  study.Start(3).Set("gradient-clip", "0.9");
  study.Publish();
  const Ran other = study.Replay(4);
  CHECK(other.code == kWrong);
  CHECK_THAT(other.output, ContainsSubstring("FAIL  REPLAY-CLIP"));
}

TEST_CASE("Local steps are replayed bit for bit, with every server optimizer", "[audit]") {
  const char* const keys =
      GENERATE("optimizer = \"sgd\"\nmomentum = 0.9\naveraging = 0.5",
               "optimizer = \"adam\"\nschedule = \"inverse_root\"\nevaluation_share = 0.2",
               "optimizer = \"sgd\"\nevaluation_share = 0.3\npatience = 1");
  ReleasedStudy study(InBuilderOrder(absl::StrReplaceAll(
      mutual::testing::LocalStudyText(5, 7),
      {{"optimizer = \"sgd\"", keys}, {"noise_multiplier = 2", "noise_multiplier = 20"}})));
  const Ran ran = study.Replay(study.last_round());
  INFO(keys << "\n" << ran.output);
  CHECK(ran.code == kVerified);
  for (const char* const id : {"REPLAY-STUDY", "REPLAY-SUM", "REPLAY-MODEL", "REPLAY-RESULT"}) {
    CHECK_THAT(ran.output, ContainsSubstring(std::string("pass  ") + id));
  }
}

TEST_CASE("⚔ What local steps cost is recomputed from the log alone, step by step", "[audit]") {
  ReleasedStudy study(InBuilderOrder(mutual::testing::LocalStudyText(2, 7)));
  const Ran ran = RunAudit(study.path(), "privacy --node north --log log --json");
  const auto json = nlohmann::json::parse(ran.output);
  const privacy::Phase phase{2, 1, 14};
  const double wanted = privacy::EpsilonOf(std::span(&phase, 1), 1e-6)->epsilon;
  const auto& spent = json["studies"][0];
  CHECK_THAT(spent["epsilon_node"].get<double>(), WithinRel(wanted, 1e-9));
  CHECK_THAT(spent["epsilon_public"].get<double>(), WithinRel(wanted, 1e-9));
  CHECK_THAT(spent["claimed_epsilon_public"].get<double>(), WithinRel(wanted, 1e-9));
  CHECK_THAT(json["composed_epsilon"].get<double>(), WithinRel(wanted, 1e-9));
  CHECK(spent["local_steps"] == 7);
}

TEST_CASE("⚔ A log that hides local steps of the study file is provably wrong", "[audit]") {
  ReleasedStudy study(InBuilderOrder(mutual::testing::LocalStudyText(2, 7)));
  REQUIRE(study.terms().local_steps == 7);
  for (Draft& draft : study.drafts()) draft.Erase("local-steps");
  study.Publish();
  const Ran ran = study.Replay(2);
  INFO(ran.output);
  CHECK(ran.code == kWrong);
  CHECK_THAT(ran.output, ContainsSubstring("FAIL  REPLAY-STUDY"));
}

TEST_CASE("A study that ended early is replayed to its end, and no other end is right", "[audit]") {
  // Random words: the loss falls no further by the second or a later window.
  const std::string text = InBuilderOrder(absl::StrReplaceAll(
      mutual::testing::TrainStudyText(40),
      {{"expected_members = 10", "expected_members = 10\nevaluation_share = 0.2\npatience = 1"}}));
  ReleasedStudy study(text);
  REQUIRE(study.last_round() < 40);
  const Ran ran = study.Replay(study.last_round());
  INFO(ran.output);
  CHECK(ran.code == kVerified);
  CHECK_THAT(ran.output, ContainsSubstring("pass  REPLAY-RESULT"));
  CHECK_THAT(ran.output, ContainsSubstring("pass  REPLAY-MODEL"));
  study.Release(study.last_round()).Erase("result");  // as if it went on
  study.Publish();
  CHECK_THAT(study.Replay(study.last_round()).output, ContainsSubstring("FAIL  REPLAY-RESULT"));
}

TEST_CASE("A study that begins from a published model is replayed from it", "[audit]") {
  const std::vector<float> start = {0.25F, -0.5F};
  const std::string digest = HashText(study::ModelBytes(start));
  const std::string text = InBuilderOrder(absl::StrReplaceAll(
      mutual::testing::TrainStudyText(2),
      {{"optimizer = \"sgd\"", "optimizer = \"sgd\"\nstart_model = \"" + digest + "\""}}));
  ReleasedStudy study(text, start);
  const Ran ran = study.Replay(2);
  INFO(ran.output);
  CHECK(ran.code == kVerified);
  // Another file under its name is no start, and without it there is none.
  std::ofstream(study.path() / "content" / digest, std::ios::binary) << "damage";
  CHECK_THAT(study.Replay(2).output, ContainsSubstring("FAIL  REPLAY-FILES"));
  std::filesystem::remove(study.path() / "content" / digest);
  CHECK(study.Replay(2).code == kUnchecked);
}

TEST_CASE("A changed sum, result or model is provably wrong on replay", "[audit]") {
  for (const char* const line : {"sum", "result"}) {
    INFO(line);
    ReleasedStudy study(InBuilderOrder(mutual::testing::MeanStudyText()));
    study.Release(1).Set(line, HashText("another"));
    study.Publish();
    const Ran ran = study.Replay(1);
    CHECK(ran.code == kWrong);
    CHECK_THAT(ran.output, ContainsSubstring(std::string("FAIL  REPLAY-") +
                                             (std::string(line) == "sum" ? "SUM" : "RESULT")));
  }
  ReleasedStudy study(InBuilderOrder(mutual::testing::TrainStudyText(2)));
  study.Release(2).Set("model", HashText("another"));
  study.Publish();
  CHECK_THAT(study.Replay(2).output, ContainsSubstring("FAIL  REPLAY-MODEL"));
}

TEST_CASE("A kept contribution that is damaged or missing stops a replay", "[audit]") {
  ReleasedStudy study(InBuilderOrder(mutual::testing::MeanStudyText()));
  const auto file = study.path() / "content" / study.contributions()[1];
  std::ofstream(file, std::ios::binary) << "damage";
  const Ran damaged = study.Replay(1);
  CHECK(damaged.code == kWrong);
  CHECK_THAT(damaged.output, ContainsSubstring("FAIL  REPLAY-FILES"));
  std::filesystem::remove(file);
  CHECK(study.Replay(1).code == kUnchecked);
}

TEST_CASE("A class sum that is damaged or false is provably wrong on replay", "[audit]") {
  ReleasedStudy study(InBuilderOrder(mutual::testing::MeanStudyText()));
  const auto file = study.path() / "content" / study.class_sums()[2];
  const std::string honest = *ReadFile(file.string(), 1 << 20);
  std::ofstream(file, std::ios::binary) << "damage";
  const Ran damaged = study.Replay(1);
  CHECK(damaged.code == kWrong);
  CHECK_THAT(damaged.output, ContainsSubstring("FAIL  REPLAY-FILES"));
  std::ofstream(file, std::ios::binary) << honest;
  CHECK(study.Replay(1).code == kVerified);
  // All holders of class 2 publish, and hand over, the sum of class 1.
  study.Publishes(1, 2, study.class_sums()[1]);
  study.Publish();
  const Ran lied = study.Replay(1);
  INFO(lied.output);
  CHECK(lied.code == kWrong);
  CHECK_THAT(lied.output, ContainsSubstring("FAIL  REPLAY-SUM"));
}

TEST_CASE("A masked vector without its padding is no contribution", "[audit]") {
  ReleasedStudy study(InBuilderOrder(mutual::testing::MeanStudyText()));
  REQUIRE(study.terms().vector_length < 16);
  const std::string bytes = study.KeepContent(std::string(study.terms().vector_length * 4, 'x'));
  At(study.drafts(), "contribution-real1-east").Set("sha256", bytes);
  study.Publish();
  const Ran ran = study.Replay(1);
  INFO(ran.output);
  CHECK(ran.code == kWrong);
  CHECK_THAT(ran.output, ContainsSubstring("shorter than its round's vector"));
}

TEST_CASE("A liar that was outvoted does not stop a replay", "[audit]") {
  ReleasedStudy study(InBuilderOrder(mutual::testing::MeanStudyText()));
  for (EntryField& field : At(study.drafts(), "tally-real1-east").fields) {
    // North and south hold class 3 as well.
    if (field.key == "class-sum" && field.value[0] == '3') field.value = "3 " + HashText("lie");
  }
  study.Publish();
  const Ran ran = study.Replay(1);
  INFO(ran.output);
  CHECK(ran.code == kRuleBroken);
  CHECK_THAT(ran.output, ContainsSubstring("FAIL  CLASS-SUM"));
  CHECK_THAT(ran.output, ContainsSubstring("pass  REPLAY-SUM"));
}

TEST_CASE("A proposal that names other scrutineers than the study file is provably wrong",
          "[audit]") {
  ReleasedStudy study(mutual::testing::MeanStudyText());  // in another order
  const Ran ran = study.Replay(1);
  INFO(ran.output);
  CHECK(ran.code == kWrong);
  CHECK_THAT(ran.output, ContainsSubstring("names other scrutineers"));
}

TEST_CASE("A replay says when the bytes of a round are gone", "[audit]") {
  ReleasedStudy study(InBuilderOrder(mutual::testing::TrainStudyText(2)));
  std::filesystem::remove(study.path() / "content" / study.contributions()[0]);
  std::filesystem::remove(study.path() / "content" / study.class_sums()[1]);
  const Ran ran = study.Replay(2);
  INFO(ran.output);
  CHECK(ran.code == kUnchecked);
  CHECK_THAT(ran.output, ContainsSubstring("the bytes of 1 of the 7 files of round 1 are gone"));
  CHECK_THAT(ran.output, ContainsSubstring("skip  REPLAY"));
}

TEST_CASE("A study file that the proposal describes otherwise is provably wrong", "[audit]") {
  ReleasedStudy study(InBuilderOrder(mutual::testing::MeanStudyText()));
  std::ofstream(study.path() / "content" / study.study().digest.ToHex(), std::ios::app) << "#\n";
  const Ran ran = study.Replay(1);
  CHECK(ran.code == kWrong);
  CHECK_THAT(ran.output, ContainsSubstring("FAIL  REPLAY-STUDY"));
}

}  // namespace mutual::audit
