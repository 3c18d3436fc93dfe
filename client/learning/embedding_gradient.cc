#include "client/learning/embedding_gradient.h"

#include <algorithm>

namespace mutual::client {

void EmbeddingGradient::Take(std::span<const float> gradients, std::vector<std::vector<Use>> uses) {
  first_.assign(1, 0);
  ids_.clear();
  sums_.clear();
  for (std::vector<Use>& own : uses) {
    std::sort(own.begin(), own.end(), [](const Use& a, const Use& b) {
      return a.id != b.id ? a.id < b.id : a.source < b.source;
    });
    for (size_t i = 0; i < own.size(); ++i) {
      if (i == 0 || own[i].id != own[i - 1].id) {
        ids_.push_back(own[i].id);
        sums_.resize(sums_.size() + width_, 0.0);
      }
      double* const sum = sums_.data() + sums_.size() - width_;
      const float* const row = gradients.data() + own[i].source * width_;
      for (size_t k = 0; k < width_; ++k) sum[k] += own[i].weight * static_cast<double>(row[k]);
    }
    first_.push_back(ids_.size());
  }
}

void EmbeddingGradient::AddNorms(MemberNorms* norms) const {
  for (size_t m = 0; m + 1 < first_.size(); ++m) {
    double squared = 0;
    for (size_t i = first_[m] * width_; i < first_[m + 1] * width_; ++i)
      squared += sums_[i] * sums_[i];
    norms->squared[m] += squared;
  }
}

void EmbeddingGradient::AddClipped(const ClipFactors& factors, GridSum table) const {
  for (size_t m = 0; m + 1 < first_.size(); ++m) {
    if (factors.values[m] == 0) continue;
    const GridSum scaled{table.scale * factors.values[m], table.values};
    for (size_t i = first_[m]; i < first_[m + 1]; ++i) {
      AddRounded(std::span<const double>(sums_).subspan(i * width_, width_),
                 scaled.Part(static_cast<size_t>(ids_[i]) * width_, width_));
    }
  }
}

}  // namespace mutual::client
