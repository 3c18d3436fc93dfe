// Replay against the coordinator's own arithmetic: two programs, the same bits.
#include "base/file.h"
#include "absl/strings/str_replace.h"
#include "coordinator/release/sum_release.h"
#include "privacy/accountant.h"
#include "study/model.h"
#include "study/recipe.h"
#include "tests/catch.h"
#include "tests/support/seeded_random.h"
#include "tests/support/study_text.h"
#include "tests/support/temporary_folder.h"
#include "tests/tools/audit_program.h"
#include "tests/tools/honest_drafts.h"
#include "tools/audit/finding.h"
#include "tools/audit/recomputation.h"

namespace mutual::audit {
namespace {

using namespace testing;  // NOLINT: the builder

absl::StatusOr<double> Solve(double epsilon, double delta, double rate, uint64_t rounds) {
  return privacy::NoiseMultiplierFor({epsilon, delta, rate, rounds});
}

const std::vector<std::string> kThree = {"east", "north", "south"};

// A study whose rounds were contributed to with random words and released by the coordinator's
// code; log/, content/ and the policy lie in the folder.
class ReleasedStudy {
 public:
  // `start`: the model that the study names, kept with the rest.
  explicit ReleasedStudy(const std::string& text, const std::vector<float>& start_model = {})
      : study_(*study::ParseStudy(text, Solve)), recipe_(*study::MakeRecipe(study_)) {
    std::filesystem::create_directory(path() / "content");
    Keep(text);
    terms_ = Recomputation::Begin(text)->Terms();
    log_.Found();
    Draft& propose = log_.Propose("real", Words());
    Fix(&propose);
    for (const std::string& node : kThree) Fix(&log_.Decide("real", node, "mandate"));
    if (recipe_->needs_model()) {
      const auto start = start_model.empty()
                             ? study::InitialModel(study_, *study::LayoutOf(study_))
                             : start_model;
      if (!start_model.empty()) Keep(study::ModelBytes(start));
      state_ = aggregation::StartAt(std::vector<double>(start.begin(), start.end()));
      model_ = crypto::Sha256(study::ModelBytes(start)).ToHex();
    }
    for (uint64_t round = 1; round <= study_.rounds(); ++round) Run(round);
    Publish();
  }
  Draft& Release(uint64_t round) {
    return At(log_.drafts(), HonestWriter::Label("release", "real", round));
  }
  void Publish() {
    WriteFiles(Serve(Render(log_.drafts())), path() / "log");
    std::ofstream(path() / "mutual-audit.policy") << PolicyText();
  }
  Ran Replay(uint64_t round) {
    return RunAudit(path(), "replay " + study_.digest.Short() + " " + std::to_string(round) +
                                " --contributions content --log log");
  }
  const std::filesystem::path& path() const { return folder_.path(); }
  const std::vector<std::string>& contributions() const { return contributions_; }
  const study::Study& study() const { return study_; }

 private:
  Terms Words() const {
    return {terms_.recipe, terms_.rounds, terms_.noise_multiplier, terms_.sampling_rate};
  }
  std::string Keep(const std::string& bytes) {
    const std::string name = crypto::Sha256(bytes).ToHex();
    std::ofstream(path() / "content" / name, std::ios::binary) << bytes;
    return name;
  }
  // The draft, with this study's own digest, length and bound instead of the builder's.
  void Fix(Draft* draft) const {
    draft->Set("study", "sha256:" + study_.digest.ToHex());
    for (EntryField& field : draft->fields) {
      if (field.key == "vector-len") field.value = std::to_string(terms_.vector_length);
      if (field.key == "clip") field.value = FormatDouble(terms_.member_bound);
    }
  }
  void Run(uint64_t round) {
    Draft& start = log_.Start("real", Words(), round, kThree);
    Fix(&start);
    if (!model_.empty()) start.Set("model", model_);
    coordinator::ReleaseInput input{&study_, recipe_.get(), round, 3, {}, state_};
    for (const std::string& node : kThree) {
      std::string bytes(recipe_->dimension() * 4, '\0');
      // The middle byte varies, so that values are small numbers of either sign.
      for (size_t i = 0; i < bytes.size(); i += 4) {
        bytes[i + 1] = static_cast<char>(random_.NextUint64() & 0x7f);
      }
      contributions_.push_back(Keep(bytes));
      log_.Contribute("real", round, node);
      Fix(&log_.drafts().back().Set("sha256", contributions_.back()));
      input.files.push_back((path() / "content" / contributions_.back()).string());
    }
    log_.Close("real", round, kThree);
    Fix(&log_.drafts().back());
    const auto output = coordinator::ReleaseRound(input);
    REQUIRE_OK(output);
    state_ = output->state;
    Draft& release = log_.Release("real", Words(), round, 3);
    Fix(&release);
    release.Set("sum", output->sum.ToHex()).Erase("model").Erase("result");
    if (!output->model.empty()) {
      model_ = HashText(output->model);
      release.Set("model", model_);
    }
    if (!output->result_json.empty()) release.Set("result", HashText(output->result_json));
  }

  mutual::testing::TemporaryFolder folder_;
  mutual::testing::SeededRandom random_{7};
  study::Study study_;
  std::unique_ptr<study::Recipe> recipe_;
  transparency::StudyTerms terms_;
  HonestWriter log_;
  aggregation::OptimizerState state_;
  std::string model_;
  std::vector<std::string> contributions_;
};

}  // namespace

TEST_CASE("A statistic is replayed bit for bit from kept contributions", "[audit]") {
  ReleasedStudy study(mutual::testing::MeanStudyText());
  const Ran ran = study.Replay(1);
  INFO(ran.output);
  CHECK(ran.code == kVerified);
  for (const char* const id : {"REPLAY-STUDY", "REPLAY-FILES", "REPLAY-SUM", "REPLAY-RESULT"}) {
    CHECK_THAT(ran.output, ContainsSubstring(std::string("pass  ") + id));
  }
}

TEST_CASE("Training is replayed bit for bit, round after round", "[audit]") {
  ReleasedStudy study(mutual::testing::TrainStudyText(4));
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
  ReleasedStudy study(absl::StrReplaceAll(
      mutual::testing::TrainStudyText(5),
      {{"optimizer = \"sgd\"", "optimizer = \"sgd\"\n" + std::string(schedule)}}));
  const Ran ran = study.Replay(5);
  INFO(schedule << "\n" << ran.output);
  CHECK(ran.code == kVerified);
  CHECK_THAT(ran.output, ContainsSubstring("pass  REPLAY-MODEL"));
}

TEST_CASE("A study that begins from a published model is replayed from it", "[audit]") {
  const std::vector<float> start = {0.25F, -0.5F};
  const std::string digest = HashText(study::ModelBytes(start));
  const std::string text = absl::StrReplaceAll(
      mutual::testing::TrainStudyText(2),
      {{"optimizer = \"sgd\"", "optimizer = \"sgd\"\nstart_model = \"" + digest + "\""}});
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
    ReleasedStudy study(mutual::testing::MeanStudyText());
    study.Release(1).Set(line, HashText("another"));
    study.Publish();
    const Ran ran = study.Replay(1);
    CHECK(ran.code == kWrong);
    CHECK_THAT(ran.output, ContainsSubstring(std::string("FAIL  REPLAY-") +
                                             (std::string(line) == "sum" ? "SUM" : "RESULT")));
  }
  ReleasedStudy study(mutual::testing::TrainStudyText(2));
  study.Release(2).Set("model", HashText("another"));
  study.Publish();
  CHECK_THAT(study.Replay(2).output, ContainsSubstring("FAIL  REPLAY-MODEL"));
}

TEST_CASE("A kept contribution that is damaged or missing stops a replay", "[audit]") {
  ReleasedStudy study(mutual::testing::MeanStudyText());
  const auto file = study.path() / "content" / study.contributions()[1];
  std::ofstream(file, std::ios::binary) << "damage";
  const Ran damaged = study.Replay(1);
  CHECK(damaged.code == kWrong);
  CHECK_THAT(damaged.output, ContainsSubstring("FAIL  REPLAY-FILES"));
  std::filesystem::remove(file);
  CHECK(study.Replay(1).code == kUnchecked);
}

TEST_CASE("A study file that the proposal describes otherwise is provably wrong", "[audit]") {
  ReleasedStudy study(mutual::testing::MeanStudyText());
  std::ofstream(study.path() / "content" / study.study().digest.ToHex(), std::ios::app) << "#\n";
  const Ran ran = study.Replay(1);
  CHECK(ran.code == kWrong);
  CHECK_THAT(ran.output, ContainsSubstring("FAIL  REPLAY-STUDY"));
}

}  // namespace mutual::audit
