// Count, mean and variance of several measures at once, optionally by one category.
#pragma once

#include <memory>

#include "study/recipe.h"

namespace mutual::study {

// Per group g and measure j a member adds (1, u, u²), u = (x − mid)/half ∈ [−1, 1], 0 when the measure is
// missing. Each triple has norm at most √3; a member may be in every group, so C = √(3·groups·measures).
absl::StatusOr<std::unique_ptr<Recipe>> MakeMeanRecipe(const Study& study);

}  // namespace mutual::study
