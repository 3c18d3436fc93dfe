// Embeddings: a vector for each index, their mean over a row, and the categories of a table.
#include <ATen/ATen.h>

#include <array>

#include "client/learning/embedding_gradient.h"
#include "client/learning/layer.h"
#include "client/learning/member_tensor.h"

namespace mutual::client {
namespace {

using Uses = std::vector<std::vector<EmbeddingGradient::Use>>;

// Indexes as whole numbers, those outside the table taken as 0.
at::Tensor Indexes(const at::Tensor& input, int64_t count) {
  const at::Tensor known = (input >= 0).logical_and(input < static_cast<double>(count));
  return at::where(known, input, at::zeros({}, input.options())).to(at::kLong);
}

std::span<const float> OnCpu(const at::Tensor& tensor, at::Tensor* kept) {
  *kept = tensor.cpu().contiguous();
  return {kept->data_ptr<float>(), static_cast<size_t>(kept->numel())};
}

class Embedding final : public Layer {
 public:
  Embedding(const study::LayerSpec& spec, MemberAxis axis)
      : axis_(axis),
        count_(spec.in),
        width_(spec.out),
        is_mean_(spec.kind == study::LayerKind::kEmbeddingMean),
        gradient_(spec.out) {}

  int64_t parameter_count() const override { return count_ * width_; }
  void Bind(std::span<const float> parameters) override {
    table_ = TensorOf(parameters, std::array{count_, width_});
  }

  at::Tensor Forward(const at::Tensor& input) override {
    const at::Tensor indexes = Indexes(input, count_);
    ids_ = indexes.cpu().contiguous();
    const int64_t length = input.size(1);
    const at::Tensor table = table_.to(input.device());
    if (!is_mean_) {
      at::Tensor vectors = at::index_select(table, 0, indexes.flatten());
      vectors.masked_fill_((indexes == 0).flatten().unsqueeze(1), 0);
      return vectors.view({-1, length, width_});
    }
    at::Tensor output = at::zeros({input.size(0), width_}, table.options());
    const auto* const ids = ids_.data_ptr<int64_t>();
    const at::Tensor here = output.cpu();
    for (int64_t row = 0; row < here.size(0); ++row)
      AddMean(ids + row * length, length, here.data_ptr<float>() + row * width_);
    return here.to(input.device());
  }

  at::Tensor Backward(const at::Tensor& gradient, InputGradient) override {
    at::Tensor kept;
    const std::span<const float> rows = OnCpu(gradient, &kept);
    gradient_.Take(rows, WeightsOf(gradient.numel() / width_), UsesOf());
    return at::Tensor();
  }

  void AddNorms(MemberNorms* norms) const override { gradient_.AddNorms(norms); }
  void AddClipped(const ClipFactors& factors, GridSum sum) const override {
    gradient_.AddClipped(factors, sum);
  }

 private:
  static int64_t Words(const int64_t* ids, int64_t length) {
    int64_t words = 0;
    for (int64_t i = 0; i < length; ++i) words += ids[i] != 0 ? 1 : 0;
    return words;
  }

  void AddMean(const int64_t* ids, int64_t length, float* output) const {
    const int64_t words = Words(ids, length);
    const auto* const table = table_.data_ptr<float>();
    const float share = words > 0 ? 1.0F / static_cast<float>(words) : 0.0F;
    for (int64_t i = 0; i < length; ++i) {
      if (ids[i] == 0) continue;
      const float* const vector = table + ids[i] * width_;
      for (int64_t k = 0; k < width_; ++k) output[k] += share * vector[k];
    }
  }

  // Of each row of the gradients: a word's share of the mean that it is in.
  std::vector<double> WeightsOf(int64_t rows) const {
    std::vector<double> weights(static_cast<size_t>(rows), 1.0);
    if (!is_mean_) return weights;
    const int64_t length = ids_.size(1);
    const auto* const ids = ids_.data_ptr<int64_t>();
    for (int64_t row = 0; row < rows; ++row) {
      weights[static_cast<size_t>(row)] =
          1.0 / static_cast<double>(std::max<int64_t>(1, Words(ids + row * length, length)));
    }
    return weights;
  }

  Uses UsesOf() const {
    const int64_t length = ids_.size(1);
    const auto* const ids = ids_.data_ptr<int64_t>();
    Uses uses(static_cast<size_t>(axis_.members));
    for (int64_t row = 0; row < ids_.size(0); ++row) {
      auto& own = uses[static_cast<size_t>(row / axis_.rows)];
      for (int64_t i = row * length; i < (row + 1) * length; ++i) {
        if (ids[i] == 0) continue;
        own.push_back({static_cast<uint32_t>(ids[i]), static_cast<uint32_t>(is_mean_ ? row : i)});
      }
    }
    return uses;
  }

  MemberAxis axis_;
  int64_t count_, width_;
  bool is_mean_;
  at::Tensor table_, ids_;
  EmbeddingGradient gradient_;
};

// Plain numbers first, then one vector for each category column.
class Categories final : public Layer {
 public:
  Categories(const study::LayerSpec& spec, MemberAxis axis)
      : axis_(axis), numbers_(spec.in), sizes_(spec.tables) {
    for (const auto& [count, width] : sizes_) gradients_.emplace_back(width);
  }

  int64_t parameter_count() const override {
    int64_t total = 0;
    for (const auto& [count, width] : sizes_) total += count * width;
    return total;
  }

  void Bind(std::span<const float> parameters) override {
    tables_.clear();
    size_t at = 0;
    for (const auto& [count, width] : sizes_) {
      const auto size = static_cast<size_t>(count * width);
      tables_.push_back(TensorOf(parameters.subspan(at, size), std::array{count, width}));
      at += size;
    }
  }

  at::Tensor Forward(const at::Tensor& input) override {
    std::vector<at::Tensor> parts = {input.narrow(1, 0, numbers_)};
    ids_.clear();
    for (size_t i = 0; i < sizes_.size(); ++i) {
      const at::Tensor indexes =
          Indexes(input.select(1, numbers_ + static_cast<int64_t>(i)), sizes_[i].first);
      parts.push_back(at::index_select(tables_[i].to(input.device()), 0, indexes));
      ids_.push_back(indexes.cpu().contiguous());
    }
    return at::cat(parts, 1);
  }

  at::Tensor Backward(const at::Tensor& gradient, InputGradient) override {
    int64_t at = numbers_;
    for (size_t i = 0; i < sizes_.size(); ++i) {
      at::Tensor kept;
      const std::span<const float> rows = OnCpu(gradient.narrow(1, at, sizes_[i].second), &kept);
      at += sizes_[i].second;
      Uses uses(static_cast<size_t>(axis_.members));
      const auto* const ids = ids_[i].data_ptr<int64_t>();
      for (int64_t row = 0; row < ids_[i].numel(); ++row) {
        uses[static_cast<size_t>(row / axis_.rows)].push_back(
            {static_cast<uint32_t>(ids[row]), static_cast<uint32_t>(row)});
      }
      gradients_[i].Take(rows, std::vector<double>(static_cast<size_t>(ids_[i].numel()), 1.0),
                         std::move(uses));
    }
    return at::Tensor();
  }

  void AddNorms(MemberNorms* norms) const override {
    for (const EmbeddingGradient& gradient : gradients_) gradient.AddNorms(norms);
  }
  void AddClipped(const ClipFactors& factors, GridSum sum) const override {
    size_t at = 0;
    for (size_t i = 0; i < sizes_.size(); ++i) {
      const auto size = static_cast<size_t>(sizes_[i].first * sizes_[i].second);
      gradients_[i].AddClipped(factors, sum.Part(at, size));
      at += size;
    }
  }

 private:
  MemberAxis axis_;
  int64_t numbers_;
  std::vector<std::pair<int64_t, int64_t>> sizes_;
  std::vector<at::Tensor> tables_, ids_;
  std::vector<EmbeddingGradient> gradients_;
};

}  // namespace

std::unique_ptr<Layer> MakeEmbedding(const study::LayerSpec& spec, MemberAxis axis) {
  return std::make_unique<Embedding>(spec, axis);
}
std::unique_ptr<Layer> MakeCategories(const study::LayerSpec& spec, MemberAxis axis) {
  return std::make_unique<Categories>(spec, axis);
}

}  // namespace mutual::client
