// torch.nn.GRU of one layer, written out so that the gradients of the gates, which the norms need,
// are at hand.
#include <ATen/ATen.h>

#include <array>

#include "client/learning/layer.h"
#include "client/learning/linear_gradient.h"
#include "client/learning/member_tensor.h"

namespace mutual::client {
namespace {

// Gates in torch's order r, z, n: r = σ(W_r x + U_r h), z = σ(W_z x + U_z h), n = tanh(W_n x + r ⊙
// U_n h), h' = (1 − z) ⊙ n + z ⊙ h, each product with its bias.
class Gru final : public Layer {
 public:
  Gru(const study::LayerSpec& spec, MemberAxis axis)
      : axis_(axis),
        in_(spec.in),
        out_(spec.out),
        from_input_(axis, in_, 3 * out_),
        from_state_(axis, out_, 3 * out_) {}

  int64_t parameter_count() const override { return 3 * out_ * (in_ + out_ + 2); }

  void Bind(std::span<const float> parameters) override {
    const auto input = static_cast<size_t>(3 * out_ * in_),
               state = static_cast<size_t>(3 * out_ * out_);
    const auto bias = static_cast<size_t>(3 * out_);
    input_weight_ = TensorOf(parameters.first(input), std::array{3 * out_, in_});
    state_weight_ = TensorOf(parameters.subspan(input, state), std::array{3 * out_, out_});
    input_bias_ = TensorOf(parameters.subspan(input + state, bias), std::array{3 * out_});
    state_bias_ = TensorOf(parameters.subspan(input + state + bias), std::array{3 * out_});
  }

  at::Tensor Forward(const at::Tensor& input) override {
    input_ = input.transpose(0, 1).contiguous();  // time first
    const int64_t length = input_.size(0), items = input_.size(1);
    const at::Device device = input.device();
    const at::Tensor projected =
        at::addmm(input_bias_.to(device), input_.view({-1, in_}), input_weight_.to(device).t())
            .view({length, items, 3 * out_});
    const at::Tensor turned = state_weight_.to(device).t(), bias = state_bias_.to(device);
    states_ = at::zeros({length + 1, items, out_}, input_.options());
    gates_ = at::empty({length, items, 3 * out_}, input_.options());
    inner_ = at::empty({length, items, out_}, input_.options());  // U_n h + its bias
    for (int64_t t = 0; t < length; ++t) {
      const at::Tensor state = states_[t];
      const at::Tensor recurrent = at::addmm(bias, state, turned);
      at::Tensor gates = gates_[t], inner = inner_[t];
      at::Tensor both = gates.narrow(1, 0, 2 * out_), fresh = gates.narrow(1, 2 * out_, out_);
      at::add_out(both, projected[t].narrow(1, 0, 2 * out_), recurrent.narrow(1, 0, 2 * out_))
          .sigmoid_();
      inner.copy_(recurrent.narrow(1, 2 * out_, out_));
      at::addcmul_out(fresh, projected[t].narrow(1, 2 * out_, out_), gates.narrow(1, 0, out_),
                      inner)
          .tanh_();
      at::Tensor next = states_[t + 1];
      at::lerp_out(next, fresh, state, gates.narrow(1, out_, out_));
    }
    return states_.narrow(0, 1, length).transpose(0, 1);
  }

  at::Tensor Backward(const at::Tensor& gradient, InputGradient wanted) override {
    const int64_t length = input_.size(0), items = input_.size(1);
    const at::Tensor weight = state_weight_.to(gradient.device());
    at::Tensor input_side = at::empty({length, items, 3 * out_}, input_.options());
    at::Tensor state_side = at::empty_like(input_side);
    at::Tensor carried = at::zeros({items, out_}, input_.options());
    for (int64_t t = length - 1; t >= 0; --t) {
      const at::Tensor change = carried + gradient.select(1, t);
      at::Tensor a = input_side[t], b = state_side[t];
      BackOneStep(t, change, &a, &b);
      carried = at::addmm(change * gates_[t].narrow(1, out_, out_), b, weight);
    }
    from_input_.Take(ByMember(input_, in_), ByMember(input_side, 3 * out_));
    from_state_.Take(ByMember(states_.narrow(0, 0, length), out_), ByMember(state_side, 3 * out_));
    states_ = gates_ = inner_ = at::Tensor();  // what the norms need is kept by now
    if (wanted == InputGradient::kUnwanted) return at::Tensor();
    return at::mm(input_side.view({-1, 3 * out_}), input_weight_.to(gradient.device()))
        .view({length, items, in_})
        .transpose(0, 1);
  }

  void AddNorms(MemberNorms* norms) const override {
    from_input_.AddNorms(norms);
    from_state_.AddNorms(norms);
  }
  void AddClipped(const ClipFactors& factors, GridSum sum) const override {
    const auto input = static_cast<size_t>(3 * out_ * in_),
               state = static_cast<size_t>(3 * out_ * out_);
    const auto bias = static_cast<size_t>(3 * out_);
    from_input_.AddClipped(factors, sum.Part(0, input), sum.Part(input + state, bias));
    from_state_.AddClipped(factors, sum.Part(input, state), sum.Part(input + state + bias, bias));
  }
  int64_t shared_positions() const override {
    return std::max(from_input_.shared_positions(), from_state_.shared_positions());
  }
  int64_t work() const override { return from_input_.work() + from_state_.work(); }
  int64_t held_values() const override {
    return from_input_.held_values() + from_state_.held_values();
  }

 private:
  // From d loss/d h' to the gradients of what enters the gates, from the input's side and from the
  // state's.
  void BackOneStep(int64_t t, const at::Tensor& change, at::Tensor* input_side,
                   at::Tensor* state_side) const {
    const at::Tensor reset = gates_[t].narrow(1, 0, out_), update = gates_[t].narrow(1, out_, out_);
    const at::Tensor fresh = gates_[t].narrow(1, 2 * out_, out_);
    const at::Tensor fresh_in = at::tanh_backward(change * (1 - update), fresh);
    const at::Tensor update_in = at::sigmoid_backward(change * (states_[t] - fresh), update);
    const at::Tensor reset_in = at::sigmoid_backward(fresh_in * inner_[t], reset);
    at::cat_out(*input_side, {reset_in, update_in, fresh_in}, 1);
    at::cat_out(*state_side, {reset_in, update_in, fresh_in * reset}, 1);
  }

  // [length, items, n] -> [members, rows · length, n]
  at::Tensor ByMember(const at::Tensor& values, int64_t width) const {
    return values.transpose(0, 1).reshape({axis_.members, -1, width});
  }

  MemberAxis axis_;
  int64_t in_, out_;
  at::Tensor input_weight_, state_weight_, input_bias_, state_bias_;
  at::Tensor input_, states_, gates_, inner_;
  LinearGradient from_input_, from_state_;
};

}  // namespace

std::unique_ptr<Layer> MakeGru(const study::LayerSpec& spec, MemberAxis axis) {
  return std::make_unique<Gru>(spec, axis);
}

}  // namespace mutual::client
