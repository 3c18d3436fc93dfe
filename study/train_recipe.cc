#include "study/train_recipe.h"

#include <cmath>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "study/model.h"

namespace mutual::study {
namespace {

class TrainRecipe final : public Recipe {
 public:
  TrainRecipe(TrainVector vector, double clip, bool classifies)
      : vector_(vector), clip_(clip), classifies_(classifies) {}

  uint64_t dimension() const override {
    return vector_.parameters + (vector_.has_evaluation ? 3 : 0);
  }
  double member_bound() const override { return clip_; }
  bool needs_model() const override { return true; }

  absl::Status MemberVector(const MemberRows&, std::span<double>) const override {
    return FailedPrecondition("a training study's member vector needs a model; the trainer computes "
                              "the clipped sum");
  }

  absl::StatusOr<Result> Finish(const ReleasedSum& sum) const override {
    if (sum.values.size() != dimension()) {
      return Internal("training got %d values, want %d", sum.values.size(), dimension());
    }
    Result result;
    result.sentences.push_back(
        absl::StrFormat("A model of %d numbers was trained.", vector_.parameters));
    if (!vector_.has_evaluation) return result;
    const size_t at = vector_.parameters;
    const double sigma = sum.noise_stddev / vector_.evaluation_scale;
    const double count = sum.values[at] / vector_.evaluation_scale;
    if (count < 10 || count < 3 * sigma) {
      result.sentences.push_back(
          "Its quality on members held out of training is withheld: too few of them were counted.");
      return result;
    }
    const double loss = sum.values[at + 1] / sum.values[at];
    const double correct = sum.values[at + 2] / sum.values[at];
    const auto error = [&](double share) { return sigma / count * std::sqrt(1 + share * share); };
    const double sampling = std::sqrt(std::max(0.0, correct * (1 - correct)) / count);
    ResultTable table;
    table.title = "evaluation on held-out members";
    table.key_columns = {"group"};
    table.rows.push_back(
        {{"held out, last round"},
         {{"count", count, sigma, "members"},
          {"mean loss", loss * vector_.loss_bound, error(loss) * vector_.loss_bound, ""},
          {classifies_ ? "accuracy" : "1 - squared error / half range squared", correct,
           std::hypot(error(correct), sampling), ""}}});
    result.tables.push_back(table);
    if (classifies_) {
      result.sentences.push_back(absl::StrFormat(
          "On members held out of training it is right for about %.1f%% (95%% sure within %.1f).",
          100 * correct, 196 * std::hypot(error(correct), sampling)));
    }
    return result;
  }

 private:
  TrainVector vector_;
  double clip_;
  bool classifies_;
};

}  // namespace

TrainVector TrainVectorOf(const Study& study) {
  const TrainSpec& spec = std::get<TrainSpec>(study.recipe);
  const auto layout = LayoutOf(study);
  TrainVector vector{};
  vector.parameters = layout.ok() ? static_cast<uint64_t>(layout->parameter_count()) : 0;
  vector.has_evaluation = spec.evaluation_share > 0;
  vector.evaluation_scale = study.privacy.clip.value_or(0) / std::sqrt(3.0);
  vector.loss_bound = 4;
  return vector;
}

absl::StatusOr<std::unique_ptr<Recipe>> MakeTrainRecipe(const Study& study) {
  MUTUAL_RETURN_IF_ERROR(LayoutOf(study).status());
  return std::make_unique<TrainRecipe>(
      TrainVectorOf(study), study.privacy.clip.value_or(0),
      !std::get<TrainSpec>(study.recipe).target_class.empty());
}

}  // namespace mutual::study
