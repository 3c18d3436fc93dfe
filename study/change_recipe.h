// What changed for each member: mean change, the share who lost, and differences in differences.
#pragma once

#include <memory>

#include "study/recipe.h"

namespace mutual::study {

// A member with a value in both periods adds to their group (kept, lost, u, ½u²), u = change /
// largest change in [−1, 1], and one of kept and lost is 1: the squares are at most 1 + 1 + ¼, so
// C = 1.5.
absl::StatusOr<std::unique_ptr<Recipe>> MakeChangeRecipe(const Study& study);

}  // namespace mutual::study
