// Quantiles as rows of a result. Internal to the recipes.
#pragma once

#include <string>
#include <vector>

#include "study/quantile.h"
#include "study/recipe_spec.h"
#include "study/result.h"

namespace mutual::study {

struct QuantileQuestion {
  const Measure& measure;
  const std::vector<double>& quantiles;
  std::string group;  // first key of the rows; empty when there are no groups
};

// Adds a row and a sentence for each quantile: value, 95% low, 95% high, bin width. When too few
// members are known, one sentence and an item of what is withheld.
void AddQuantiles(const BinnedCounts& bins, const QuantileQuestion& question, ResultTable* table,
                  Result* result);

}  // namespace mutual::study
