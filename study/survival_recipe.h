// Time until an event: discrete hazards and the Kaplan-Meier curve on a public grid.
#pragma once

#include <memory>

#include "study/recipe.h"

namespace mutual::study {

// A member adds 1 to one of (interval that their time ends in) × (event, no event yet), in their
// group, so C = 1. Order: groups, intervals, then event before no event.
absl::StatusOr<std::unique_ptr<Recipe>> MakeSurvivalRecipe(const Study& study);

}  // namespace mutual::study
