// A study whose rounds were released by the coordinator's own code, for tests of replays.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "aggregation/masking/mask_sum.h"
#include "aggregation/masking/masker.h"
#include "aggregation/ring.h"
#include "base/encoding.h"
#include "base/file.h"
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
#include "tools/audit/recomputation.h"

namespace mutual::audit::testing {

inline absl::StatusOr<double> Solve(double epsilon, double delta, double rate, uint64_t rounds) {
  return privacy::NoiseMultiplierFor({epsilon, delta, rate, rounds});
}

inline const std::vector<std::string> kThree = {"east", "north", "south"};
// A study whose rounds were contributed to with random words and released by the coordinator's
// code; log/, content/ and the policy lie in the folder.
class ReleasedStudy {
 public:
  // `start_model`: the model that the study names, kept with the rest.
  explicit ReleasedStudy(const std::string& text, const std::vector<float>& start_model = {})
      : study_(*study::ParseStudy(text, Solve)), recipe_(*study::MakeRecipe(study_)) {
    std::filesystem::create_directory(path() / "content");
    Keep(text);
    terms_ = Recomputation::Begin(text)->Terms();
    log_.Found();
    Draft& propose = log_.Propose("real", Words());
    Fix(&propose);
    for (const std::string& node : kThree) log_.Decide("real", node, "mandate");
    JoinAll();
    if (recipe_->needs_model()) {
      const auto start =
          start_model.empty() ? study::InitialModel(study_, *study::LayoutOf(study_)) : start_model;
      if (!start_model.empty()) Keep(study::ModelBytes(start));
      state_ = aggregation::StartAt(std::vector<double>(start.begin(), start.end()));
      model_ = crypto::Sha256(study::ModelBytes(start)).ToHex();
    }
    for (uint64_t round = 1; round <= study_.rounds() && !is_over_; ++round) {
      Run(round);
      last_round_ = round;
    }
    Publish();
  }
  Draft& Start(uint64_t round) {
    return At(log_.drafts(), HonestWriter::Label("start", "real", round));
  }
  double next_clip() const { return clip_; }
  uint64_t last_round() const { return last_round_; }
  Draft& Release(uint64_t round) {
    return At(log_.drafts(), HonestWriter::Label("release", "real", round));
  }
  void Publish() {
    for (Draft& draft : log_.drafts()) {
      for (EntryField& field : draft.fields) {
        if (field.value == StudyText("real")) field.value = "sha256:" + study_.digest.ToHex();
      }
    }
    WriteFiles(Serve(Render(log_.drafts())), path() / "log");
    std::ofstream(path() / "mutual-audit.policy") << PolicyText();
  }
  // All three scrutineers publish that digest of a class.
  void Publishes(uint64_t round, uint32_t mask_class, const std::string& digest) {
    const std::string begin = std::to_string(mask_class) + " ";
    for (const std::string& name : kThree) {
      Draft& tally = At(drafts(), HonestWriter::Label("tally", "real", round) + "-" + name);
      for (EntryField& field : tally.fields) {
        if (field.key == "class-sum" && field.value.compare(0, 2, begin) == 0) {
          field.value = begin + digest;
        }
      }
    }
  }
  Ran Replay(uint64_t round) {
    return RunAudit(path(), "replay " + study_.digest.Short() + " " + std::to_string(round) +
                                " --contributions content --log log");
  }
  const std::filesystem::path& path() const { return folder_.path(); }
  const std::vector<std::string>& contributions() const { return contributions_; }
  const std::vector<std::string>& class_sums() const { return class_sums_; }
  Drafts& drafts() { return log_.drafts(); }
  const transparency::StudyTerms& terms() const { return terms_; }
  std::string KeepContent(const std::string& bytes) { return Keep(bytes); }
  const study::Study& study() const { return study_; }

 private:
  Terms Words() const {
    return {terms_.recipe, terms_.rounds, terms_.noise_multiplier, terms_.sampling_rate,
            terms_.local_steps};
  }
  std::string Keep(const std::string& bytes) {
    const std::string name = crypto::Sha256(bytes).ToHex();
    std::ofstream(path() / "content" / name, std::ios::binary) << bytes;
    return name;
  }
  // The draft, with this study's own digest, length and bound instead of the builder's.
  void Fix(Draft* draft) const {
    for (EntryField& field : draft->fields) {
      if (field.key == "vector-len") field.value = std::to_string(terms_.vector_length);
      if (field.key == "clip") field.value = FormatDouble(terms_.member_bound);
    }
  }
  void JoinAll() {
    log_.MaskStudy("real");
    log_.Join("real", kThree);
    const MaskClasses classes = ClassesOfFour();
    for (const std::string& node : kThree) {
      ratchets_.push_back(DrawKeys("real", node).Ratchets().value());
      maskers_.push_back(
          aggregation::masking::Masker::Create(classes, DrawKeys("real", node).Ratchets().value())
              .value());
    }
  }
  // What one node sends: its masked values.
  std::string Answer(size_t node, uint64_t round, const std::string& bytes) {
    std::vector<uint32_t> values(bytes.size() / 4, 0);
    aggregation::AddBytesToRing(AsBytes(bytes), values);
    return aggregation::ToBytes(maskers_[node].Mask(round, values, 1).value());
  }
  // The class sums of a round, kept, and the tallies of three of four scrutineers.
  void TallyRound(uint64_t round) {
    log_.Tally("real", round, kThree);
    class_sums_.clear();
    for (uint32_t c = 0; c < 4; ++c) {
      std::vector<crypto::Secret> keys;
      for (const auto& of_node : ratchets_) {
        keys.push_back(of_node[c].StreamKey(round).value());
      }
      std::vector<uint32_t> sum(aggregation::masking::PaddedWords(recipe_->dimension()), 0);
      REQUIRE_OK(aggregation::masking::AddMasks(keys, 1, sum));
      class_sums_.push_back(Keep(aggregation::ToBytes(sum)));
      Publishes(round, c, class_sums_.back());
    }
  }
  // A round, and what the coordinator's code makes of it.
  void Run(uint64_t round) {
    Draft& start = log_.Start("real", Words(), round, kThree);
    Fix(&start);
    if (!model_.empty()) start.Set("model", model_);
    if (round == 1) clip_ = study_.privacy.clip.value_or(0);
    if (study_.privacy.clip_rule) start.Set("gradient-clip", FormatDouble(clip_));
    coordinator::ReleaseInput input{&study_, recipe_.get(), round, 3, {}, state_, {}, clip_, stop_};
    std::vector<uint32_t> plain(recipe_->dimension(), 0);
    for (size_t i = 0; i < kThree.size(); ++i) {
      std::string bytes(recipe_->dimension() * 4, '\0');
      // The middle byte varies, so that values are small numbers of either sign.
      for (size_t at = 0; at < bytes.size(); at += 4) {
        bytes[at + 1] = static_cast<char>(random_.NextUint64() & 0x7f);
      }
      aggregation::AddBytesToRing(AsBytes(bytes), plain);
      const std::string sent = Answer(i, round, bytes);
      contributions_.push_back(Keep(sent));
      log_.Contribute("real", round, kThree[i]);
      log_.drafts().back().Set("sha256", contributions_.back());
      log_.drafts().back().Set("vector-len", std::to_string(sent.size() / 4));
      input.files.push_back((path() / "content" / contributions_.back()).string());
    }
    log_.Close("real", round, kThree);
    TallyRound(round);
    for (const std::string& sum : class_sums_) {
      input.mask_files.push_back((path() / "content" / sum).string());
    }
    const auto output = coordinator::ReleaseRound(input);
    REQUIRE_OK(output);
    REQUIRE(output->sum == aggregation::masking::DigestOfWords(plain));  // the masks are gone
    state_ = output->state;
    clip_ = output->next_clip;
    stop_ = output->stop;
    is_over_ = output->is_last;
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
  double clip_ = 0;
  study::StopState stop_;
  bool is_over_ = false;
  uint64_t last_round_ = 0;
  std::string model_;
  std::vector<std::string> contributions_;
  std::vector<aggregation::masking::Masker> maskers_;                 // [node]
  std::vector<std::vector<aggregation::masking::Ratchet>> ratchets_;  // [node][class]
  std::vector<std::string> class_sums_;                               // of the last round, by class
};

}  // namespace mutual::audit::testing
