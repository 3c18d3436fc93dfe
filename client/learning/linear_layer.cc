// [.., in] -> [.., out], with bias.
#include <ATen/ATen.h>

#include <array>

#include "client/learning/layer.h"
#include "client/learning/linear_gradient.h"
#include "client/learning/member_tensor.h"

namespace mutual::client {
namespace {

class Linear final : public Layer {
 public:
  Linear(const study::LayerSpec& spec, MemberAxis axis)
      : axis_(axis), in_(spec.in), out_(spec.out), gradient_(axis, spec.in, spec.out) {}

  int64_t parameter_count() const override { return out_ * (in_ + 1); }

  void Bind(std::span<const float> parameters) override {
    const auto count = static_cast<size_t>(in_ * out_);
    weight_ = TensorOf(parameters.first(count), std::array{out_, in_});
    bias_ = TensorOf(parameters.subspan(count), std::array{out_});
  }

  at::Tensor Forward(const at::Tensor& input) override {
    input_ = input.contiguous();
    std::vector<int64_t> shape(input.sizes().vec());
    shape.back() = out_;
    return at::addmm(bias_.to(input.device()), input_.view({-1, in_}),
                     weight_.to(input.device()).t())
        .view(shape);
  }

  at::Tensor Backward(const at::Tensor& gradient, InputGradient wanted) override {
    const at::Tensor whole = gradient.contiguous();
    gradient_.Take(input_.view({axis_.members, -1, in_}), whole.view({axis_.members, -1, out_}));
    if (wanted == InputGradient::kUnwanted) return at::Tensor();
    return at::mm(whole.view({-1, out_}), weight_.to(whole.device())).view(input_.sizes());
  }

  void AddNorms(MemberNorms* norms) const override { gradient_.AddNorms(norms); }
  void AddClipped(const ClipFactors& factors, GridSum sum) const override {
    const auto count = static_cast<size_t>(in_ * out_);
    gradient_.AddClipped(factors, sum.Part(0, count), sum.Part(count, static_cast<size_t>(out_)));
  }
  int64_t shared_positions() const override { return gradient_.shared_positions(); }
  int64_t held_values() const override { return gradient_.held_values(); }
  int64_t work() const override { return gradient_.work(); }

 private:
  MemberAxis axis_;
  int64_t in_, out_;
  at::Tensor weight_, bias_, input_;
  LinearGradient gradient_;
};

}  // namespace

std::unique_ptr<Layer> MakeLinear(const study::LayerSpec& spec, MemberAxis axis) {
  return std::make_unique<Linear>(spec, axis);
}

}  // namespace mutual::client
