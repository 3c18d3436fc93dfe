// Logistic and Poisson regression on counts in cells of public bins. Internal to the recipes.
//
// The likelihood of members in cells c with inputs x_c depends on the data only through each cell's
// sums Y_c (events) and E_c (members, or exposure). The score Σ x_c·(Y_c − E_c·μ_c) is linear in
// them, so that noise of mean zero on the sums leaves it unbiased: one noisy sum answers, and no
// iteration touches the data.
#pragma once

#include <optional>
#include <vector>

#include "study/recipe_spec.h"
#include "study/symmetric.h"

namespace mutual::study {

struct GroupedCell {
  std::vector<double> inputs;  // 1 first
  double events = 0;           // Y, noisy
  double exposure = 0;         // E, noisy
};

struct GroupedFit {
  std::vector<double> beta;
  std::vector<double> means;  // μ_c: a probability, or events per unit of exposure
  Matrix inverse{0};          // of the information Σ x·xᵀ·E·w, w = μ(1 − μ) or μ
};

// Newton's method from the overall share or rate, to 1e-12. Nothing when it does not settle, or
// when an exposure's noise of standard deviation `exposure_noise` could have made the inputs seem
// different: a pivot of the information is not above four of its own standard deviations.
std::optional<GroupedFit> FitGrouped(ModelKind model, const std::vector<GroupedCell>& cells,
                                     double exposure_noise);

}  // namespace mutual::study
