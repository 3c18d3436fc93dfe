// The gradient of an embedding table, per member, without a dense or one-hot row of the vocabulary.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "client/learning/layer.h"

namespace mutual::client {

// A member's gradient of table row v is Σ weight · gradient over the member's uses of v. Sums are
// formed in float64, a member at a time, and added to the grid rounded by themselves, so one member
// never touches another's arithmetic.
class EmbeddingGradient {
 public:
  // One use of table row `id`: `weight` times row `source` of the gradients, which have `width`
  // numbers.
  struct Use {
    int64_t id;
    size_t source;
    double weight;
  };
  explicit EmbeddingGradient(int64_t width) : width_(static_cast<size_t>(width)) {}
  // `gradients` (row-major, copied) of all members; uses[m] those of member m.
  void Take(std::span<const float> gradients, std::vector<std::vector<Use>> uses);
  void AddNorms(MemberNorms* norms) const;
  void AddClipped(const ClipFactors& factors, GridSum table) const;

 private:
  size_t width_;
  // Member m's distinct ids are ids_[first_[m], first_[m + 1]); id i's summed gradient is row i of
  // sums_.
  std::vector<size_t> first_;
  std::vector<int64_t> ids_;
  std::vector<double> sums_;
};

}  // namespace mutual::client
