// A row's loss and the gradient of its output.
#pragma once

#include "client/learning/clipped_step.h"

namespace at {
class Tensor;
}

namespace mutual::client {

// d loss / d output [rows, outputs], unweighted. `targets` [rows].
at::Tensor LossGradient(LossKind kind, const at::Tensor& output, const at::Tensor& targets);

// Loss of each row [rows], differentiable.
at::Tensor LossOf(LossKind kind, const at::Tensor& output, const at::Tensor& targets);

// See RowResults::correct.
at::Tensor CorrectOf(LossKind kind, const at::Tensor& output, const at::Tensor& targets);

}  // namespace mutual::client
