#include "client/node/local_steps.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"
#include "study/train_recipe.h"

namespace mutual::client {

LocalWalk::LocalWalk(const study::LocalSteps& steps, double unit, std::span<const float> model)
    : steps_(steps), unit_(unit), start_(model.begin(), model.end()), weights_(start_) {}

std::vector<float> LocalWalk::Model() const {
  std::vector<float> model(weights_.size());
  std::transform(weights_.begin(), weights_.end(), model.begin(),
                 [](double weight) { return static_cast<float>(weight); });
  return model;
}

void LocalWalk::Step(std::span<const int64_t> noised) {
  for (size_t i = 0; i < weights_.size(); ++i) {
    const double gradient = static_cast<double>(noised[i]) * unit_;
    const double pull = steps_.proximal * (weights_[i] - start_[i]);
    weights_[i] -= steps_.rate * (gradient + pull);
  }
}

std::vector<int64_t> LocalWalk::Difference(int64_t clamp) const {
  std::vector<int64_t> difference(weights_.size(), 0);
  double squared = 0;
  for (size_t i = 0; i < weights_.size(); ++i) {
    squared += (weights_[i] - start_[i]) * (weights_[i] - start_[i]);
  }
  const double norm = std::sqrt(squared);
  if (!std::isfinite(norm)) return difference;
  const double scale = study::DifferenceScale(steps_.bound, clamp);
  const double factor = norm > steps_.bound ? steps_.bound / norm : 1;
  for (size_t i = 0; i < weights_.size(); ++i) {
    const int64_t units = std::llrint(scale * (factor * (weights_[i] - start_[i])));
    difference[i] = std::clamp(units, -clamp, clamp);
  }
  return difference;
}

absl::StatusOr<std::vector<int64_t>> LocalSum(const ContributionInput& input,
                                              crypto::RandomSource& random,
                                              privacy::NoiseSource& noise) {
  const AdmittedRound& round = *input.round;
  const study::LocalSteps& steps = *std::get<study::TrainSpec>(round.study.recipe).local;
  const double unit = static_cast<double>(round.roster_size) /
                      (study::ExpectedGradients(round.study) * round.grid.scale);
  LocalWalk walk(steps, unit, input.model);
  std::vector<int64_t> evaluation;
  for (int step = 0; step < steps.count; ++step) {
    const std::vector<float> model = walk.Model();
    ContributionInput here = input;
    here.model = model;
    if (step > 0) here.held_out = HeldOut::kLeftOut;
    MUTUAL_ASSIGN_OR_RETURN(std::vector<int64_t> sum, GridSum(here, random));
    // What is left out stays zero and is read by nobody: it needs no noise.
    const std::span<int64_t> used =
        step == 0 ? std::span(sum) : std::span(sum).first(input.model.size());
    noise.AddNoise(round.grid.noise_stddev, used);
    if (step == 0) evaluation.assign(sum.begin() + std::ssize(input.model), sum.end());
    walk.Step(used.first(input.model.size()));
  }
  std::vector<int64_t> vector = walk.Difference(round.grid.clamp);
  vector.insert(vector.end(), evaluation.begin(), evaluation.end());
  return vector;
}

}  // namespace mutual::client
