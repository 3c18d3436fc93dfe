// The gradient of an embedding table, per member, without a dense or one-hot row of the vocabulary.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "client/learning/layer.h"

namespace mutual::client {

// A member's gradient of table row v is Σ weight · gradient over the member's uses of v. A row used
// with one gradient only is never formed; others are summed in float64. Each is added to the grid
// rounded by itself, so one member never touches another's arithmetic.
class EmbeddingGradient {
 public:
  // One use of table row `id` with row `source` of the gradients.
  struct Use {
    uint32_t id;
    uint32_t source;
  };
  explicit EmbeddingGradient(int64_t width) : width_(static_cast<size_t>(width)) {}
  // `gradients` (row-major, copied), row i counting with weights[i]; uses[m] those of member m.
  void Take(std::span<const float> gradients, std::vector<double> weights,
            std::vector<std::vector<Use>> uses);
  void AddNorms(MemberNorms* norms) const;
  void AddClipped(const ClipFactors& factors, GridSum table) const;

 private:
  // Uses of one id with one source, `weight` times.
  struct Share {
    uint32_t id;
    uint32_t source;
    double weight;
  };
  size_t EndOfId(size_t first, size_t end) const;
  void SumOf(size_t first, size_t end, std::span<double> sum) const;

  size_t width_;
  std::vector<float> gradients_;
  std::vector<Share> shares_;        // sorted by id within each member
  std::vector<size_t> first_ = {0};  // member m's are [first_[m], first_[m + 1])
};

}  // namespace mutual::client
