// Layers one after the other, and a residual around some of them.
#include <ATen/ATen.h>

#include <algorithm>

#include "client/learning/layer.h"

namespace mutual::client {
namespace {

using study::LayerKind;

std::unique_ptr<Layer> MakeLayer(const study::LayerSpec& spec, MemberAxis axis) {
  switch (spec.kind) {
    case LayerKind::kLinear:
      return MakeLinear(spec, axis);
    case LayerKind::kConvolution1d:
    case LayerKind::kConvolution2d:
      return MakeConvolution(spec, axis);
    case LayerKind::kEmbedding:
    case LayerKind::kEmbeddingMean:
      return MakeEmbedding(spec, axis);
    case LayerKind::kCategories:
      return MakeCategories(spec, axis);
    case LayerKind::kLayerNorm:
    case LayerKind::kGroupNorm:
      return MakeNormalisation(spec, axis);
    case LayerKind::kGru:
      return MakeGru(spec, axis);
    case LayerKind::kAttention:
      return MakeAttention(spec, axis);
    case LayerKind::kResidual:
      return MakeResidual(spec, axis);
    default:
      return MakeShape(spec);
  }
}

class Stack final : public Layer {
 public:
  Stack(const std::vector<study::LayerSpec>& specs, MemberAxis axis) {
    for (const study::LayerSpec& spec : specs) layers_.push_back(MakeLayer(spec, axis));
  }

  int64_t parameter_count() const override {
    int64_t total = 0;
    for (const auto& layer : layers_) total += layer->parameter_count();
    return total;
  }

  void Bind(std::span<const float> parameters) override {
    size_t at = 0;
    for (const auto& layer : layers_) {
      const auto count = static_cast<size_t>(layer->parameter_count());
      layer->Bind(parameters.subspan(at, count));
      at += count;
    }
  }

  at::Tensor Forward(const at::Tensor& input) override {
    at::Tensor value = input;
    for (const auto& layer : layers_) value = layer->Forward(value);
    return value;
  }

  // Nobody needs the input's gradient before the first layer that has parameters.
  at::Tensor Backward(const at::Tensor& gradient, InputGradient wanted) override {
    size_t first = 0;
    while (first < layers_.size() && layers_[first]->parameter_count() == 0) ++first;
    if (wanted == InputGradient::kWanted) first = 0;
    at::Tensor value = gradient;
    for (size_t i = layers_.size(); i > first; --i) {
      const bool is_last = i == first + 1 && wanted == InputGradient::kUnwanted;
      value = layers_[i - 1]->Backward(value,
                                       is_last ? InputGradient::kUnwanted : InputGradient::kWanted);
    }
    return value;
  }

  void AddNorms(MemberNorms* norms) const override {
    for (const auto& layer : layers_) layer->AddNorms(norms);
  }

  void AddClipped(const ClipFactors& factors, GridSum sum) const override {
    size_t at = 0;
    for (const auto& layer : layers_) {
      const auto count = static_cast<size_t>(layer->parameter_count());
      if (count > 0) layer->AddClipped(factors, sum.Part(at, count));
      at += count;
    }
  }

  int64_t shared_positions() const override {
    int64_t most = 0;
    for (const auto& layer : layers_) most = std::max(most, layer->shared_positions());
    return most;
  }
  int64_t work() const override {
    int64_t total = 0;
    for (const auto& layer : layers_) total += layer->work();
    return total;
  }
  int64_t held_values() const override {
    int64_t total = 0;
    for (const auto& layer : layers_) total += layer->held_values();
    return total;
  }

 private:
  std::vector<std::unique_ptr<Layer>> layers_;
};

class Residual final : public Layer {
 public:
  Residual(const study::LayerSpec& spec, MemberAxis axis) : inner_(MakeStack(spec.inner, axis)) {}
  int64_t parameter_count() const override { return inner_->parameter_count(); }
  void Bind(std::span<const float> parameters) override { inner_->Bind(parameters); }
  at::Tensor Forward(const at::Tensor& input) override { return input + inner_->Forward(input); }
  at::Tensor Backward(const at::Tensor& gradient, InputGradient wanted) override {
    const at::Tensor inner = inner_->Backward(gradient, wanted);
    return wanted == InputGradient::kWanted ? gradient + inner : at::Tensor();
  }
  void AddNorms(MemberNorms* norms) const override { inner_->AddNorms(norms); }
  void AddClipped(const ClipFactors& factors, GridSum sum) const override {
    inner_->AddClipped(factors, sum);
  }
  int64_t shared_positions() const override { return inner_->shared_positions(); }
  int64_t work() const override { return inner_->work(); }
  int64_t held_values() const override { return inner_->held_values(); }

 private:
  std::unique_ptr<Layer> inner_;
};

}  // namespace

std::unique_ptr<Layer> MakeResidual(const study::LayerSpec& spec, MemberAxis axis) {
  return std::make_unique<Residual>(spec, axis);
}

std::unique_ptr<Layer> MakeStack(const std::vector<study::LayerSpec>& specs, MemberAxis axis) {
  return std::make_unique<Stack>(specs, axis);
}

}  // namespace mutual::client
