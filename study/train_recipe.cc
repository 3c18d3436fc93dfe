#include "study/train_recipe.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "study/figure.h"
#include "study/model.h"
#include "study/release_rule.h"

namespace mutual::study {
namespace {

constexpr char kEvaluation[] = "evaluation on held-out members";

bool HasClasses(const Study& study) {
  const auto layout = LayoutOf(study);
  return layout.ok() && layout->outputs > 1;
}

class TrainRecipe final : public Recipe {
 public:
  explicit TrainRecipe(const Study& study)
      : Recipe(study.cohort.min_nodes),
        vector_(TrainVectorOf(study)),
        bound_(study.privacy.clip_rule
                   ? JointBound(*study.privacy.clip_rule, study.privacy.clip.value_or(0))
                   : study.privacy.clip.value_or(0)),
        model_(std::get<TrainSpec>(study.recipe).model),
        local_(std::get<TrainSpec>(study.recipe).local),
        classifies_(!std::get<TrainSpec>(study.recipe).target_class.empty() || HasClasses(study)) {}

  uint64_t dimension() const override { return vector_.size(); }
  double member_bound() const override { return bound_; }
  bool needs_model() const override { return true; }

  absl::Status MemberVector(const MemberRows&, std::span<double>) const override {
    return FailedPrecondition(
        "a training study's member vector needs a model; the trainer computes "
        "the clipped sum");
  }

 private:
  Result Read(const ReleasedSum& sum) const override {
    Result result;
    result.sentences.push_back(
        absl::StrFormat("A model of %d numbers was trained.", vector_.parameters));
    if (local_) result.sentences.push_back(SentenceOf(*local_));
    if (!vector_.has_evaluation) return result;
    const size_t at = vector_.evaluation_at();
    const double sigma = sum.noise_stddev / vector_.evaluation_scale;
    const double count = sum.values[at] / vector_.evaluation_scale;
    if (!IsFigureReleasable(count, sigma)) {
      result.withheld.push_back({kEvaluation, "", ReasonOf(count)});
      result.sentences.push_back(
          "Its quality on members held out of training is withheld: too few of them were counted.");
      return result;
    }
    AddEvaluation(
        {count, sigma, sum.values[at + 1] / sum.values[at], sum.values[at + 2] / sum.values[at]},
        &result);
    return result;
  }

  // Held-out members and the shares, in [0, 1] but for noise, of their capped loss and correctness.
  struct Evaluation {
    double count, noise_stddev;
    double loss, correct;
  };

  // A share's noise by the delta method; sampling at most that of a coin, as members' values lie in
  // [0, 1].
  static double ShareError(const Evaluation& evaluation, double share) {
    const double noise = evaluation.noise_stddev / evaluation.count * std::sqrt(1 + share * share);
    return std::hypot(noise, std::sqrt(share * (1 - share) / evaluation.count));
  }

  void AddEvaluation(const Evaluation& evaluation, Result* result) const {
    const double loss = std::clamp(evaluation.loss, 0.0, 1.0);
    const double loss_error = vector_.loss_bound * ShareError(evaluation, loss);
    const double correct = std::clamp(evaluation.correct, 0.0, 1.0);
    const double correct_error = ShareError(evaluation, correct);
    ResultRow row{{"held out, last round"},
                  {{"count", evaluation.count, evaluation.noise_stddev, "members"},
                   {"mean loss", vector_.loss_bound * loss, loss_error, ""}}};
    if (classifies_) {
      row.estimates.push_back({"accuracy", correct, correct_error, ""});
    } else if (model_ != ModelKind::kPoisson) {
      row.estimates.push_back(
          {"1 - squared error / half range squared", correct, correct_error, ""});
    }
    result->tables.push_back({kEvaluation, {"group"}, {row}});
    if (classifies_) {
      result->sentences.push_back(absl::StrFormat(
          "On members held out of training it is right for about %s%% (95%% sure within %s).",
          Readable(100 * correct, 196 * correct_error),
          Readable(196 * correct_error, 196 * correct_error)));
    } else {
      result->sentences.push_back(absl::StrFormat(
          "On members held out of training its mean loss is about %s (95%% sure within %s).",
          Readable(vector_.loss_bound * loss, 1.96 * loss_error),
          Readable(1.96 * loss_error, 1.96 * loss_error)));
    }
  }

  TrainVector vector_;
  double bound_;
  ModelKind model_;
  std::optional<LocalSteps> local_;
  bool classifies_;
};

}  // namespace

TrainVector TrainVectorOf(const Study& study) {
  const TrainSpec& spec = std::get<TrainSpec>(study.recipe);
  const auto layout = LayoutOf(study);
  TrainVector vector{};
  vector.parameters = layout.ok() ? static_cast<uint64_t>(layout->parameter_count()) : 0;
  if (study.privacy.clip_rule) {
    vector.has_clip_count = true;
    vector.clip_count_scale = study.privacy.clip_rule->weight * study.privacy.clip.value_or(0);
  }
  vector.has_evaluation = spec.evaluation_share > 0;
  vector.evaluation_scale = study.privacy.clip.value_or(0) / std::sqrt(3.0);
  vector.loss_bound = 4;
  return vector;
}

void NameLastIterate(const TrainSpec& spec, const Digest& last_iterate, Result* result) {
  result->sentences.push_back(
      absl::StrFormat("The published model is an average of the weights over the rounds (each "
                      "round counts %g of the "
                      "next); the last round's own weights are published beside it.",
                      spec.averaging));
  result->further_models.push_back({"last round", last_iterate.ToHex()});
}

double ExpectedGradients(const Study& study) {
  const TrainSpec& spec = std::get<TrainSpec>(study.recipe);
  return spec.expected_members * study.privacy.sampling_rate * (1 - spec.evaluation_share);
}

double UnclippedShare(const Study& study, const ReleasedCount& count) {
  return count.value / (TrainVectorOf(study).clip_count_scale * count.expected) + 0.5;
}

void NameEarlyEnd(const TrainSpec& spec, uint64_t rounds_run, Result* result) {
  result->sentences.push_back(
      absl::StrFormat("Training ended after %d of %d rounds: the loss of held-out members, noise "
                      "included, was no lower in "
                      "the last %d rounds than in the %d before. The privacy figures are those of "
                      "all rounds; what the "
                      "others would have cost is charged to nobody.",
                      rounds_run, spec.rounds, spec.patience, spec.patience));
}

void NameClip(const Study& study, double last_clip, Result* result) {
  result->sentences.push_back(
      absl::StrFormat("The clip followed a noised count of the members below it: %.4g in the first "
                      "round, %.4g in the "
                      "last.",
                      study.privacy.clip.value_or(0), last_clip));
}

absl::StatusOr<std::unique_ptr<Recipe>> MakeTrainRecipe(const Study& study) {
  MUTUAL_RETURN_IF_ERROR(LayoutOf(study).status());
  return std::make_unique<TrainRecipe>(study);
}

}  // namespace mutual::study
