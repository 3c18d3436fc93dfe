// Count, mean and variance of several measures at once, optionally by one category.
#pragma once

#include <memory>

#include "study/recipe.h"

namespace mutual::study {

// Per group g and measure j a member adds (1, u, u²), u = (x − mid)/half ∈ [−1, 1], 0 when the
// measure is missing. Each triple has norm at most √3. A row is in one group, so a member is in at
// most G = min(groups, max_rows) of them, and C = √(3·G·measures). Order: groups, then measures.
absl::StatusOr<std::unique_ptr<Recipe>> MakeMeanRecipe(const Study& study);

}  // namespace mutual::study
