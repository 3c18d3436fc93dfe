// Layer and group normalisation: both within one row. Their few gradients are formed for every
// member.
#include <ATen/ATen.h>

#include <array>

#include "client/learning/layer.h"
#include "client/learning/member_tensor.h"

namespace mutual::client {
namespace {

constexpr double kEpsilon = 1e-5;

class Normalisation final : public Layer {
 public:
  Normalisation(const study::LayerSpec& spec, MemberAxis axis)
      : axis_(axis),
        is_group_(spec.kind == study::LayerKind::kGroupNorm),
        width_(spec.in),
        groups_(spec.parts) {}

  int64_t parameter_count() const override { return 2 * width_; }
  void Bind(std::span<const float> parameters) override {
    const auto count = static_cast<size_t>(width_);
    weight_ = TensorOf(parameters.first(count), std::array{width_});
    bias_ = TensorOf(parameters.subspan(count), std::array{width_});
  }

  at::Tensor Forward(const at::Tensor& input) override {
    input_ = input.contiguous();
    weight_ = weight_.to(input.device());
    bias_ = bias_.to(input.device());
    at::Tensor output;
    if (is_group_) {
      std::tie(output, mean_, scale_) = at::native_group_norm(
          input_, weight_, bias_, input_.size(0), width_, pixels(), groups_, kEpsilon);
    } else {
      std::tie(output, mean_, scale_) =
          at::native_layer_norm(input_, {width_}, weight_, bias_, kEpsilon);
    }
    return output;
  }

  at::Tensor Backward(const at::Tensor& gradient, InputGradient wanted) override {
    const at::Tensor whole = gradient.contiguous();
    Keep(whole);
    if (wanted == InputGradient::kUnwanted) return at::Tensor();
    const std::array<bool, 3> input_only = {true, false, false};
    return is_group_ ? std::get<0>(at::native_group_norm_backward(whole, input_, mean_, scale_,
                                                                  weight_, input_.size(0), width_,
                                                                  pixels(), groups_, input_only))
                     : std::get<0>(at::native_layer_norm_backward(
                           whole, input_, {width_}, mean_, scale_, weight_, bias_, input_only));
  }

  void AddNorms(MemberNorms* norms) const override {
    AddSquares(weight_gradient_, norms->squared);
    AddSquares(bias_gradient_, norms->squared);
  }
  void AddClipped(const ClipFactors& factors, GridSum sum) const override {
    const auto count = static_cast<size_t>(width_);
    AddWeighted(weight_gradient_, factors.values, sum.Part(0, count));
    AddWeighted(bias_gradient_, factors.values, sum.Part(count, count));
  }
  int64_t held_values() const override { return 2 * width_; }

 private:
  int64_t pixels() const { return input_.numel() / (input_.size(0) * width_); }

  void Keep(const at::Tensor& gradient) {
    if (!is_group_) {
      const at::Tensor standard = (input_ - mean_) * scale_;
      weight_gradient_ = (standard * gradient).view({axis_.members, -1, width_}).sum(1);
      bias_gradient_ = gradient.view({axis_.members, -1, width_}).sum(1);
      return;
    }
    const int64_t items = input_.size(0);
    const at::Tensor grouped = input_.view({items, groups_, -1});
    const at::Tensor standard =
        ((grouped - mean_.view({items, groups_, 1})) * scale_.view({items, groups_, 1}))
            .view_as(gradient);
    weight_gradient_ =
        (standard * gradient).view({axis_.members, axis_.rows, width_, -1}).sum({1, 3});
    bias_gradient_ = gradient.view({axis_.members, axis_.rows, width_, -1}).sum({1, 3});
  }

  MemberAxis axis_;
  bool is_group_;
  int64_t width_, groups_;
  at::Tensor weight_, bias_, input_, mean_, scale_;
  at::Tensor weight_gradient_, bias_gradient_;  // [members, width]
};

}  // namespace

std::unique_ptr<Layer> MakeNormalisation(const study::LayerSpec& spec, MemberAxis axis) {
  return std::make_unique<Normalisation>(spec, axis);
}

}  // namespace mutual::client
