// Members in each cell of two categories, with a test of independence that knows its noise.
#pragma once

#include <memory>

#include "study/recipe.h"

namespace mutual::study {

// A member adds 1 to the cell of their most frequent categories, so C = 1. Order: `down` slowest.
absl::StatusOr<std::unique_ptr<Recipe>> MakeTableRecipe(const Study& study);

}  // namespace mutual::study
