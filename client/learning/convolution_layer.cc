// Convolutions with bias in one or two dimensions. A member's gradient is that of a linear layer
// over the patches (im2col), pixels and rows being its positions.
#include <ATen/ATen.h>

#include <array>

#include "client/learning/layer.h"
#include "client/learning/linear_gradient.h"
#include "client/learning/member_tensor.h"

namespace mutual::client {
namespace {

class Convolution final : public Layer {
 public:
  Convolution(const study::LayerSpec& spec, MemberAxis axis)
      : axis_(axis),
        is_flat_(spec.kind == study::LayerKind::kConvolution1d),
        in_(spec.in),
        out_(spec.out),
        kernel_{is_flat_ ? 1 : spec.kernel, spec.kernel},
        stride_{is_flat_ ? 1 : spec.stride, spec.stride},
        padding_{is_flat_ ? 0 : spec.padding, spec.padding},
        gradient_(axis, in_ * kernel_[0] * kernel_[1], out_) {}

  int64_t parameter_count() const override { return out_ * (patch() + 1); }

  void Bind(std::span<const float> parameters) override {
    const auto count = static_cast<size_t>(out_ * patch());
    weight_ = TensorOf(parameters.first(count), std::array{out_, in_, kernel_[0], kernel_[1]});
    bias_ = TensorOf(parameters.subspan(count), std::array{out_});
  }

  at::Tensor Forward(const at::Tensor& input) override {
    input_ = is_flat_ ? input.unsqueeze(2) : input;
    weight_ = weight_.to(input.device());
    const at::Tensor output =
        at::conv2d(input_, weight_, bias_.to(input.device()), stride_, padding_);
    return is_flat_ ? output.squeeze(2) : output;
  }

  at::Tensor Backward(const at::Tensor& gradient, InputGradient wanted) override {
    const at::Tensor whole = (is_flat_ ? gradient.unsqueeze(2) : gradient).contiguous();
    gradient_.Take(ByPosition(at::im2col(input_.contiguous(), kernel_, {1, 1}, padding_, stride_)),
                   ByPosition(whole.flatten(2)));
    if (wanted == InputGradient::kUnwanted) return at::Tensor();
    const at::Tensor back = std::get<0>(
        at::convolution_backward(whole, input_, weight_, c10::nullopt, stride_, padding_, {1, 1},
                                 false, {0, 0}, 1, {true, false, false}));
    return is_flat_ ? back.squeeze(2) : back;
  }

  void AddNorms(MemberNorms* norms) const override { gradient_.AddNorms(norms); }
  void AddClipped(const ClipFactors& factors, GridSum sum) const override {
    const auto count = static_cast<size_t>(out_ * patch());
    gradient_.AddClipped(factors, sum.Part(0, count), sum.Part(count, static_cast<size_t>(out_)));
  }
  int64_t shared_positions() const override { return gradient_.shared_positions(); }
  int64_t held_values() const override { return gradient_.held_values(); }
  int64_t work() const override { return gradient_.work(); }

 private:
  int64_t patch() const { return in_ * kernel_[0] * kernel_[1]; }

  // [items, values, pixels] -> [members, rows · pixels, values]
  at::Tensor ByPosition(const at::Tensor& values) const {
    const at::Tensor turned = values.transpose(1, 2);
    if (axis_.rows == 1) return turned;
    return turned.reshape({axis_.members, -1, values.size(1)});
  }

  MemberAxis axis_;
  bool is_flat_;
  int64_t in_, out_;
  std::array<int64_t, 2> kernel_, stride_, padding_;
  at::Tensor weight_, bias_, input_;
  LinearGradient gradient_;
};

}  // namespace

std::unique_ptr<Layer> MakeConvolution(const study::LayerSpec& spec, MemberAxis axis) {
  return std::make_unique<Convolution>(spec, axis);
}

}  // namespace mutual::client
