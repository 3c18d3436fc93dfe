// Training: the round's vector is the clipped gradient sum, and optionally a held-out evaluation.
#pragma once

#include <memory>

#include "study/recipe.h"

namespace mutual::study {

// C = clip: a member adds either a gradient or, when held out, (1, loss, correct)·C/√3.
absl::StatusOr<std::unique_ptr<Recipe>> MakeTrainRecipe(const Study& study);

}  // namespace mutual::study
