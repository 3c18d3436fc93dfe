#include "client/learning/linear_gradient.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "client/learning/member_tensor.h"

namespace mutual::client {
namespace {

// A ghost product costs about T²(in+out)/8 ns, forming, keeping and weighting G about in·out ns
// beyond the product itself (one core, AVX-512; bench/training).
constexpr int64_t kGhostWorth = 8;
// A block of the shared product stays in the second-level cache while it is rounded.
constexpr int64_t kBlockValues = 1 << 18;

}  // namespace

LinearGradient::LinearGradient(MemberAxis axis, int64_t in, int64_t out)
    : axis_(axis), in_(in), out_(out) {}
LinearGradient::~LinearGradient() = default;

void LinearGradient::Take(const at::Tensor& a, const at::Tensor& g) {
  positions_ = a.size(1);
  is_ghost_ = positions_ == 1 || positions_ * positions_ * (in_ + out_) < kGhostWorth * in_ * out_;
  if (is_ghost_) {
    kept_ = {a.contiguous(), g.contiguous()};
  } else {
    kept_ = {at::bmm(g.transpose(1, 2), a)};
  }
  kept_.push_back(positions_ == 1 ? g.contiguous() : g.sum(1));
}

void LinearGradient::AddNorms(MemberNorms* norms) const {
  AddSquares(kept_.back(), norms->squared);
  if (is_ghost_) return AddGhostNorms(norms);
  AddSquares(kept_[0], norms->squared);
}

void LinearGradient::AddGhostNorms(MemberNorms* norms) const {
  const auto members = static_cast<size_t>(axis_.members);
  const auto positions = static_cast<size_t>(positions_);
  if (positions == 1) {
    std::vector<double> a(members, 0.0), g(members, 0.0);
    AddSquares(kept_[0], a);
    AddSquares(kept_[1], g);
    for (size_t m = 0; m < members; ++m) {
      norms->squared[m] += a[m] * g[m];
      norms->error[m] += a[m] * g[m];
    }
    return;
  }
  const std::vector<double> a = GramsOf(kept_[0]), g = GramsOf(kept_[1]);
  const size_t square = positions * positions;
  for (size_t m = 0; m < members; ++m) {
    double ghost = 0, reach = 0;
    for (size_t i = m * square; i < (m + 1) * square; ++i) ghost += a[i] * g[i];
    for (size_t t = 0; t < positions; ++t) {
      const size_t diagonal = m * square + t * (positions + 1);
      reach += std::sqrt(a[diagonal] * g[diagonal]);
    }
    norms->squared[m] += ghost;
    norms->error[m] += reach * reach;
  }
}

void LinearGradient::AddClipped(const ClipFactors& factors, GridSum weight, GridSum bias) const {
  if (is_ghost_) {
    AddSharedProduct(factors, weight);
  } else {
    AddWeighted(kept_[0], factors.values, weight);
  }
  if (!bias.values.empty()) AddWeighted(kept_.back(), factors.values, bias);
}

void LinearGradient::AddSharedProduct(const ClipFactors& factors, GridSum weight) const {
  at::Tensor a = kept_[0];
  if (factors.is_poisoned) {
    std::vector<double> keep(factors.values);
    for (double& factor : keep) factor = factor == 0 ? 0 : 1;
    a = Scaled(a, keep);
  }
  a = a.view({-1, in_});
  const at::Tensor scaled = Scaled(kept_[1], factors.values).view({-1, out_});
  const int64_t block = std::clamp<int64_t>(kBlockValues / in_, 1, out_);
  const at::Tensor product = at::empty({block, in_}, scaled.options());
  for (int64_t first = 0; first < out_; first += block) {
    const int64_t count = std::min(block, out_ - first);
    at::Tensor part = product.narrow(0, 0, count);
    at::mm_out(part, scaled.narrow(1, first, count).t(), a);
    AddRoundedTensor(
        part, weight.Part(static_cast<size_t>(first * in_), static_cast<size_t>(count * in_)));
  }
}

}  // namespace mutual::client
