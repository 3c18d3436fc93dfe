// The gradient of one weight matrix, per member, from what went in and the gradient of what came
// out.
#pragma once

#include <cstdint>
#include <vector>

#include "client/learning/layer.h"

namespace mutual::client {

// A member's gradient is G = Σ_t g_t a_tᵀ over its T positions (rows · length or pixels), [out,
// in], and Σ_t g_t for a bias. Its norm is taken either from Gram products ("ghost": Σ_ts
// (a_t·a_s)(g_t·g_s), T²(in+out) work, nothing kept) or from G itself ("direct": in·out numbers
// kept until the factors are known). The cheaper is chosen by cost.
class LinearGradient {
 public:
  LinearGradient(MemberAxis axis, int64_t in, int64_t out);
  ~LinearGradient();
  // a [members, T, in] and g [members, T, out], any strides.
  void Take(const at::Tensor& a, const at::Tensor& g);
  void AddNorms(MemberNorms* norms) const;
  // `weight` has out·in values, `bias` out values or none.
  void AddClipped(const ClipFactors& factors, GridSum weight, GridSum bias) const;
  int64_t shared_positions() const { return is_ghost_ ? positions_ : 0; }
  int64_t work() const { return positions_ * in_ * out_; }
  int64_t held_values() const { return (is_ghost_ ? 0 : in_ * out_) + out_; }

 private:
  void AddGhostNorms(MemberNorms* norms) const;
  void AddSharedProduct(const ClipFactors& factors, GridSum weight) const;
  MemberAxis axis_;
  int64_t in_, out_, positions_ = 0;
  bool is_ghost_ = true;
  std::vector<at::Tensor> kept_;  // ghost: a, g; direct: G. Then the bias part [members, out]
};

}  // namespace mutual::client
