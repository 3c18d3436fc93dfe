// Quantiles of one measure from public bins, optionally by one category.
#pragma once

#include <memory>

#include "study/recipe.h"

namespace mutual::study {

// A member adds 1 to one bin in each group they have rows of, at most G = min(groups, max_rows):
// the vector holds at most G ones, so C = √G. Order: groups, then bins.
absl::StatusOr<std::unique_ptr<Recipe>> MakeQuantileRecipe(const Study& study);

}  // namespace mutual::study
