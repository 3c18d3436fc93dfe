// Rounds with local steps for tests: four nodes, a linear model of two parameters unless said
// otherwise.
#pragma once

#include <string>
#include <vector>

#include "client/node/local_steps.h"
#include "privacy/grid.h"
#include "study/train_recipe.h"
#include "tests/catch.h"
#include "tests/support/study_text.h"

namespace mutual::client {

inline AdmittedRound RoundOf(const std::string& text) {
  AdmittedRound round;
  auto study = study::ParseStudy(text, SolveNoise);
  REQUIRE_OK(study);
  round.study = *std::move(study);
  round.recipe = *study::MakeRecipe(round.study);
  round.terms = TermsOf(round.study, *round.recipe);
  round.roster_size = 4;
  round.grid = *privacy::MakeGrid({round.recipe->dimension(), round.recipe->member_bound(),
                                   round.terms.noise_multiplier, 4, privacy::Rounding::kPerBatch});
  return round;
}

inline study::LocalSteps& StepsOf(AdmittedRound& round) {
  return *std::get<study::TrainSpec>(round.study.recipe).local;
}

// What one unit of a node's sum is worth in a gradient.
inline double WorthOf(const AdmittedRound& round) {
  return static_cast<double>(round.roster_size) / study::ExpectedGradients(round.study);
}

// The difference that a vector begins with, in weights.
inline std::vector<double> DifferenceOf(const AdmittedRound& round,
                                        const std::vector<int64_t>& vector) {
  const double scale = study::DifferenceScale(
      std::get<study::TrainSpec>(round.study.recipe).local->bound, round.grid.clamp);
  std::vector<double> difference;
  for (size_t i = 0; i < study::TrainVectorOf(round.study).parameters; ++i) {
    difference.push_back(static_cast<double>(vector[i]) / scale);
  }
  return difference;
}

// Adds nothing, and counts what it was asked for.
class NoNoise final : public privacy::NoiseSource {
 public:
  void AddNoise(int64_t stddev, std::span<int64_t> values) override {
    stddevs.push_back(stddev);
    counts.push_back(values.size());
  }
  std::vector<int64_t> stddevs;
  std::vector<size_t> counts;
};

}  // namespace mutual::client
