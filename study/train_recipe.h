// Training: the round's vector is the clipped gradient sum, and optionally a held-out evaluation.
#pragma once

#include <memory>

#include "study/recipe.h"

namespace mutual::study {

// C = clip: a member adds either a gradient or, when held out, (1, loss, correct)·C/√3.
absl::StatusOr<std::unique_ptr<Recipe>> MakeTrainRecipe(const Study& study);

// Adds to the last round's result that the published model is an average, and where the weights of
// the last round stand.
void NameLastIterate(const TrainSpec& spec, const Digest& last_iterate, Result* result);

}  // namespace mutual::study
