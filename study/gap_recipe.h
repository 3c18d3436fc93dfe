// Raw and adjusted gap between two groups, with the Oaxaca-Blinder decomposition.
#pragma once

#include <memory>

#include "study/recipe.h"

namespace mutual::study {

// A member adds the products of study/normal_equations.h to the block of their group and nothing to
// the other, so C is that of one block.
absl::StatusOr<std::unique_ptr<Recipe>> MakeGapRecipe(const Study& study);

}  // namespace mutual::study
