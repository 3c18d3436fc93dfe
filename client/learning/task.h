// A study's public facts as the trainer's arithmetic needs them, and its members as batches. No
// LibTorch.
#pragma once

#include <span>

#include "absl/status/statusor.h"
#include "client/learning/clipped_step.h"
#include "study/feature.h"
#include "study/model.h"
#include "study/recipe.h"

namespace mutual::client {

struct Task {
  study::FeatureMap features;
  study::ModelLayout layout;
  study::TrainVector vector;
  StepPlan plan;
  double centre,
      half;  // of the target's public bounds; regression predicts in units of half around centre
};

absl::StatusOr<Task> TaskOf(const study::Study& study);

// `members` in the places of a batch. A row that is absent or unusable is zero with weight 0; a
// member's weights sum to 1.
Batch MakeBatch(const Task& task, std::span<const study::MemberRows> members);

}  // namespace mutual::client
