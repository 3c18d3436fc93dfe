// Several recipes over one vector that share one budget.
#pragma once

#include <memory>

#include "study/recipe.h"

namespace mutual::study {

// Part k holds √share_k · v_k / C_k, of norm at most √share_k; the shares add up to 1, so C = 1. In
// its own unit part k has the noise of a study of its own with noise multiplier z/√share_k.
absl::StatusOr<std::unique_ptr<Recipe>> MakeJointRecipe(const Study& study);

}  // namespace mutual::study
