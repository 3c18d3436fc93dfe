// Events per exposure, optionally by one category, with ratios to the first.
#pragma once

#include <memory>

#include "study/recipe.h"

namespace mutual::study {

// A member's events and exposure over all rows, as shares of their bounds, add up to at most 1
// each: Σ_g α_g <= 1, Σ_g β_g <= 1, all >= 0. For each rate the vector holds for each group (½, α,
// β, ½α², ½αβ, ½β²), zeros where the member has no rows, then for each group but the first
// ½(α_g·α_0, α_g·β_0, β_g·α_0, β_g·β_0). With G = min(groups, max_rows), the squares are at most
//   G/4 + Σα² + Σβ² + ¼Σ(α⁴ + α²β² + β⁴) + ¼(Σ_{g>0} α_g² + β_g²)(α_0² + β_0²)
//   <= G/4 + 1 + 1 + ¾ + ¼·((1 − α_0)² + (1 − β_0)²)(α_0² + β_0²) <= G/4 + 3,
// because the two factors add up to at most 2, so that their product is at most 1. The last term is
// absent for one group. C = √(rates·(G/4 + 3)), or √(3·rates) without groups.
absl::StatusOr<std::unique_ptr<Recipe>> MakeRateRecipe(const Study& study);

}  // namespace mutual::study
