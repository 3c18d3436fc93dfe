// The plain way to a clipped sum: one backward pass of LibTorch's own autograd for every member, in
// float64. Slow and plainly right: what faster ways are compared with, and what imported models
// fall back to.
#pragma once

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "client/learning/clipped_step.h"

namespace mutual::client {

// Σ_m min(1, C/‖gradient_m‖) · gradient_m over `members` members in `batch`, of the layers written
// as TorchScript. Members whose gradient is not finite are left out. INTERNAL when LibTorch fails.
absl::StatusOr<std::vector<double>> ClippedSumByLoop(const StepPlan& plan,
                                                     std::span<const float> model,
                                                     const Batch& batch, int64_t members);

}  // namespace mutual::client
