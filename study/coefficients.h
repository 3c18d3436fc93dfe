// Regression coefficients in the reader's units, as a table. Internal to the recipes.
#pragma once

#include <string>
#include <vector>

#include "study/feature.h"
#include "study/result.h"

namespace mutual::study {

// The weights w with which coefficient k (0: the intercept) of the unscaled inputs is wᵀβ of the
// scaled ones, for a target of which one scaled unit is `target_scale` of its own.
std::vector<double> UnscaledWeights(const FeatureMap& map, size_t k, double target_scale);

// "intercept", then the inputs' names.
std::vector<std::string> CoefficientNames(const FeatureMap& map);

struct Coefficient {
  double value, noise_error, error;  // error holds noise and sampling
};

// Adds a row, and a sentence but for the intercept.
struct CoefficientText {
  std::string target;  // what it predicts
  std::string unit;    // of the coefficient
  bool is_ratio;       // exp(coefficient) multiplies the odds or the rate
};
void AddCoefficient(const std::string& name, const Coefficient& coefficient,
                    const CoefficientText& text, Result* result);

}  // namespace mutual::study
