// Multi-head self-attention. Its parameters are two linear layers; between them nothing is learnt.
#include <ATen/ATen.h>

#include <cmath>

#include "client/learning/layer.h"
#include "client/learning/member_tensor.h"

namespace mutual::client {
namespace {

study::LayerSpec Projection(int64_t in, int64_t out) {
  study::LayerSpec spec;
  spec.kind = study::LayerKind::kLinear;
  spec.in = in;
  spec.out = out;
  return spec;
}

class Attention final : public Layer {
 public:
  Attention(const study::LayerSpec& spec, MemberAxis axis)
      : width_(spec.in),
        heads_(spec.parts),
        into_(MakeLinear(Projection(spec.in, 3 * spec.in), axis)),
        out_of_(MakeLinear(Projection(spec.in, spec.in), axis)),
        scale_(1 / std::sqrt(static_cast<double>(spec.in / spec.parts))) {}

  int64_t parameter_count() const override {
    return into_->parameter_count() + out_of_->parameter_count();
  }
  void Bind(std::span<const float> parameters) override {
    const auto first = static_cast<size_t>(into_->parameter_count());
    into_->Bind(parameters.first(first));
    out_of_->Bind(parameters.subspan(first));
  }

  at::Tensor Forward(const at::Tensor& input) override {
    items_ = input.size(0);
    length_ = input.size(1);
    const at::Tensor packed = into_->Forward(input)
                                  .view({items_, length_, 3, heads_, width_ / heads_})
                                  .permute({2, 0, 3, 1, 4})
                                  .contiguous();
    query_ = packed[0].view({items_ * heads_, length_, -1});
    key_ = packed[1].view({items_ * heads_, length_, -1});
    value_ = packed[2].view({items_ * heads_, length_, -1});
    weights_ = at::softmax(at::bmm(query_, key_.transpose(1, 2)).mul_(scale_), 2);
    return out_of_->Forward(Joined(at::bmm(weights_, value_)));
  }

  at::Tensor Backward(const at::Tensor& gradient, InputGradient wanted) override {
    const at::Tensor mixed = out_of_->Backward(gradient, InputGradient::kWanted)
                                 .view({items_, length_, heads_, width_ / heads_})
                                 .transpose(1, 2)
                                 .reshape({items_ * heads_, length_, -1});
    const at::Tensor to_weights = at::bmm(mixed, value_.transpose(1, 2));
    const at::Tensor scores =
        at::_softmax_backward_data(to_weights, weights_, 2, at::kFloat).mul_(scale_);
    const at::Tensor packed =
        at::stack({Joined(at::bmm(scores, key_)), Joined(at::bmm(scores.transpose(1, 2), query_)),
                   Joined(at::bmm(weights_.transpose(1, 2), mixed))},
                  2);
    query_ = key_ = value_ = weights_ = at::Tensor();
    return into_->Backward(packed.view({items_, length_, 3 * width_}), wanted);
  }

  void AddNorms(MemberNorms* norms) const override {
    into_->AddNorms(norms);
    out_of_->AddNorms(norms);
  }
  void AddClipped(const ClipFactors& factors, GridSum sum) const override {
    const auto first = static_cast<size_t>(into_->parameter_count());
    into_->AddClipped(factors, sum.Part(0, first));
    out_of_->AddClipped(factors, sum.Part(first, sum.values.size() - first));
  }
  int64_t shared_positions() const override {
    return std::max(into_->shared_positions(), out_of_->shared_positions());
  }
  int64_t work() const override { return into_->work() + out_of_->work(); }
  int64_t held_values() const override { return into_->held_values() + out_of_->held_values(); }

 private:
  // [items · heads, length, width / heads] -> [items, length, width]
  at::Tensor Joined(const at::Tensor& values) const {
    return values.view({items_, heads_, length_, -1})
        .transpose(1, 2)
        .reshape({items_, length_, width_});
  }

  int64_t width_, heads_, items_ = 0, length_ = 0;
  std::unique_ptr<Layer> into_, out_of_;
  double scale_;
  at::Tensor query_, key_, value_, weights_;
};

}  // namespace

std::unique_ptr<Layer> MakeAttention(const study::LayerSpec& spec, MemberAxis axis) {
  return std::make_unique<Attention>(spec, axis);
}

}  // namespace mutual::client
