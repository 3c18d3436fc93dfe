// Gini coefficient and percentile ratios of one measure from public bins.
#pragma once

#include <memory>

#include "study/recipe.h"

namespace mutual::study {

// A member adds 1 to one bin, so C = 1. Every member of a bin counts as its middle.
absl::StatusOr<std::unique_ptr<Recipe>> MakeInequalityRecipe(const Study& study);

}  // namespace mutual::study
