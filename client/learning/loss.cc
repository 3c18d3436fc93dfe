#include "client/learning/loss.h"

#include <ATen/ATen.h>

namespace mutual::client {
namespace {

constexpr double kPoissonBound = 20;  // |log rate|

at::Tensor Classes(const at::Tensor& targets) { return targets.to(at::kLong).unsqueeze(1); }

}  // namespace

at::Tensor LossGradient(LossKind kind, const at::Tensor& output, const at::Tensor& targets) {
  if (kind == LossKind::kSoftmax) {
    at::Tensor gradient = at::softmax(output, 1);
    return gradient.scatter_add_(1, Classes(targets),
                                 at::full({targets.size(0), 1}, -1.0, output.options()));
  }
  const at::Tensor value = output.squeeze(1);
  if (kind == LossKind::kLogistic) return (at::sigmoid(value) - targets).unsqueeze(1);
  if (kind == LossKind::kPoisson) {
    return (at::exp(at::clamp(value, -kPoissonBound, kPoissonBound)) - targets).unsqueeze(1);
  }
  return (value - targets).unsqueeze(1);
}

at::Tensor LossOf(LossKind kind, const at::Tensor& output, const at::Tensor& targets) {
  if (kind == LossKind::kSoftmax)
    return -at::log_softmax(output, 1).gather(1, Classes(targets)).squeeze(1);
  const at::Tensor value = output.squeeze(1);
  if (kind == LossKind::kLogistic) {
    return at::clamp_min(value, 0) - value * targets + at::log1p(at::exp(-at::abs(value)));
  }
  if (kind == LossKind::kPoisson) {
    const at::Tensor log_rate = at::clamp(value, -kPoissonBound, kPoissonBound);
    return at::exp(log_rate) - targets * log_rate;
  }
  return 0.5 * at::square(value - targets);
}

at::Tensor CorrectOf(LossKind kind, const at::Tensor& output, const at::Tensor& targets) {
  if (kind == LossKind::kSoftmax) return output.argmax(1).eq(targets.to(at::kLong)).to(at::kDouble);
  const at::Tensor value = output.squeeze(1);
  if (kind == LossKind::kLogistic) return value.gt(0).eq(targets.gt(0.5)).to(at::kDouble);
  if (kind == LossKind::kPoisson) return at::zeros_like(value, at::kDouble);
  return at::clamp_min(1 - at::square(value - targets), 0).to(at::kDouble);
}

}  // namespace mutual::client
