// Members per bin of one or two measures, with quantiles of a one-dimensional histogram.
#pragma once

#include <memory>

#include "study/recipe.h"

namespace mutual::study {

// A member adds 1 to one bin, so C = 1. Bins of two measures are their product, first measure
// slowest.
absl::StatusOr<std::unique_ptr<Recipe>> MakeHistogramRecipe(const Study& study);

}  // namespace mutual::study
