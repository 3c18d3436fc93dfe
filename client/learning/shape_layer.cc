// Layers without parameters.
#include <ATen/ATen.h>

#include "client/learning/layer.h"

namespace mutual::client {
namespace {

using study::LayerKind;

class Shape final : public Layer {
 public:
  explicit Shape(const study::LayerSpec& spec) : spec_(spec) {}

  at::Tensor Forward(const at::Tensor& input) override {
    shape_ = input.sizes().vec();
    switch (spec_.kind) {
      case LayerKind::kTanh:
        return kept_ = at::tanh(input);
      case LayerKind::kRelu:
        return kept_ = at::relu(input);
      case LayerKind::kMaxPool2d: {
        kept_ = input.contiguous();
        at::Tensor output;
        std::tie(output, indices_) = at::max_pool2d_with_indices(kept_, kernel(), stride());
        return output;
      }
      case LayerKind::kMeanPool:
        return input.mean(1);
      case LayerKind::kLast:
        return input.select(1, -1);
      default: {
        std::vector<int64_t> shape = {input.size(0)};
        shape.insert(shape.end(), spec_.shape.begin(), spec_.shape.end());
        return input.reshape(shape);
      }
    }
  }

  at::Tensor Backward(const at::Tensor& gradient, InputGradient wanted) override {
    if (wanted == InputGradient::kUnwanted) return at::Tensor();
    switch (spec_.kind) {
      case LayerKind::kTanh:
        return at::tanh_backward(gradient, kept_);
      case LayerKind::kRelu:
        return at::threshold_backward(gradient, kept_, 0);
      case LayerKind::kMaxPool2d:
        return at::max_pool2d_with_indices_backward(gradient.contiguous(), kept_, kernel(),
                                                    stride(), {0, 0}, {1, 1}, false, indices_);
      case LayerKind::kMeanPool:
        return (gradient / static_cast<double>(shape_[1])).unsqueeze(1).expand(shape_);
      case LayerKind::kLast: {
        at::Tensor whole = at::zeros(shape_, gradient.options());
        whole.select(1, -1).copy_(gradient);
        return whole;
      }
      default:
        return gradient.reshape(shape_);
    }
  }

 private:
  std::array<int64_t, 2> kernel() const { return {spec_.kernel, spec_.kernel}; }
  std::array<int64_t, 2> stride() const { return {spec_.stride, spec_.stride}; }
  study::LayerSpec spec_;
  std::vector<int64_t> shape_;
  at::Tensor kept_, indices_;
};

}  // namespace

std::unique_ptr<Layer> MakeShape(const study::LayerSpec& spec) {
  return std::make_unique<Shape>(spec);
}

}  // namespace mutual::client
