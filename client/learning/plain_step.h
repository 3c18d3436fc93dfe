// An ordinary training step of LibTorch, without privacy: what bench/training divides by.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "client/learning/clipped_step.h"

namespace mutual::client {

// Forward, loss, autograd's backward and an SGD update in float32, all rows of a batch at once. Not
// thread-safe.
class PlainStep {
 public:
  virtual ~PlainStep() = default;
  static absl::StatusOr<std::unique_ptr<PlainStep>> Create(const StepPlan& plan,
                                                           std::span<const float> model);
  // Any number of rows.
  virtual absl::Status Run(const Batch& batch, double learning_rate) = 0;
};

// LibTorch and its BLAS on one thread from now on.
void UseOneThread();

}  // namespace mutual::client
