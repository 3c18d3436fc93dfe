#include "client/learning/embedding_gradient.h"

#include <algorithm>

namespace mutual::client {

void EmbeddingGradient::Take(std::span<const float> gradients, std::vector<double> weights,
                             std::vector<std::vector<Use>> uses) {
  gradients_.assign(gradients.begin(), gradients.end());
  shares_.clear();
  first_.assign(1, 0);
  for (std::vector<Use>& own : uses) {
    std::sort(own.begin(), own.end(), [](const Use& a, const Use& b) {
      return (uint64_t{a.id} << 32 | a.source) < (uint64_t{b.id} << 32 | b.source);
    });
    for (size_t i = 0; i < own.size(); ++i) {
      const double weight = weights[own[i].source];
      const bool is_same =
          i > 0 && own[i].id == own[i - 1].id && own[i].source == own[i - 1].source;
      if (is_same) {
        shares_.back().weight += weight;
      } else {
        shares_.push_back({own[i].id, own[i].source, weight});
      }
    }
    first_.push_back(shares_.size());
  }
}

size_t EmbeddingGradient::EndOfId(size_t first, size_t end) const {
  size_t next = first + 1;
  while (next < end && shares_[next].id == shares_[first].id) ++next;
  return next;
}

void EmbeddingGradient::SumOf(size_t first, size_t end, std::span<double> sum) const {
  std::fill(sum.begin(), sum.end(), 0.0);
  for (size_t i = first; i < end; ++i) {
    const float* const row = gradients_.data() + shares_[i].source * width_;
    for (size_t k = 0; k < width_; ++k) sum[k] += shares_[i].weight * static_cast<double>(row[k]);
  }
}

void EmbeddingGradient::AddNorms(MemberNorms* norms) const {
  std::vector<double> squares(gradients_.size() / width_, 0.0), sum(width_);
  if (!squares.empty()) AddRowSquares(gradients_, squares);
  for (size_t m = 0; m + 1 < first_.size(); ++m) {
    double squared = 0;
    for (size_t i = first_[m]; i < first_[m + 1];) {
      const size_t next = EndOfId(i, first_[m + 1]);
      if (next == i + 1) {
        squared += shares_[i].weight * shares_[i].weight * squares[shares_[i].source];
      } else {
        SumOf(i, next, sum);
        for (const double value : sum) squared += value * value;
      }
      i = next;
    }
    norms->squared[m] += squared;
  }
}

void EmbeddingGradient::AddClipped(const ClipFactors& factors, GridSum table) const {
  std::vector<double> sum(width_);
  for (size_t m = 0; m + 1 < first_.size(); ++m) {
    if (factors.values[m] == 0) continue;
    const double scale = table.scale * factors.values[m];
    for (size_t i = first_[m]; i < first_[m + 1];) {
      const size_t next = EndOfId(i, first_[m + 1]);
      const std::span<int64_t> row = table.values.subspan(shares_[i].id * width_, width_);
      if (next == i + 1) {
        const auto gradient =
            std::span<const float>(gradients_).subspan(shares_[i].source * width_, width_);
        AddRounded(gradient, {scale * shares_[i].weight, row});
      } else {
        SumOf(i, next, sum);
        AddRounded(std::span<const double>(sum), {scale, row});
      }
      i = next;
    }
  }
}

}  // namespace mutual::client
