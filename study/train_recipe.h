// Training: the round's vector is the clipped gradient sum, and optionally a held-out evaluation.
#pragma once

#include <memory>

#include "study/recipe.h"

namespace mutual::study {

// C = clip: a member adds either a gradient or, when held out, (1, loss, correct)·C/√3. With a clip
// that adapts, C is that of the first round and a gradient has a count beside it
// (study/clip_rule.h).
absl::StatusOr<std::unique_ptr<Recipe>> MakeTrainRecipe(const Study& study);

// Adds to the last round's result that the published model is an average, and where the weights of
// the last round stand.
void NameLastIterate(const TrainSpec& spec, const Digest& last_iterate, Result* result);

// Members that a round's gradients are expected to come from: a declared public constant.
double ExpectedGradients(const Study& study);

// The released number at `parameters` of TrainVectorOf(study), and the members that were expected.
struct ReleasedCount {
  double value, expected;
};
// The share of unclipped members, noise included.
double UnclippedShare(const Study& study, const ReleasedCount& count);

// Adds to the result of a study that ended early after how many rounds, and why.
void NameEarlyEnd(const TrainSpec& spec, uint64_t rounds_run, Result* result);

// Adds to the last round's result how the clip moved.
void NameClip(const Study& study, double last_clip, Result* result);

}  // namespace mutual::study
