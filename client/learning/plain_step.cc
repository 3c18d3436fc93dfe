#include "client/learning/plain_step.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <cmath>

#include "base/status.h"
#include "client/learning/loss.h"
#include "client/learning/member_tensor.h"

namespace mutual::client {
namespace {

using study::LayerKind;
using study::LayerSpec;
using torch::Tensor;

// The operators that torch.nn's modules call, on parameters taken in flat order.
class Network {
 public:
  explicit Network(std::vector<Tensor>* parameters) : parameters_(parameters) {}

  Tensor Run(const std::vector<LayerSpec>& layers, Tensor x) {
    for (const LayerSpec& layer : layers) x = One(layer, x);
    return x;
  }

 private:
  const Tensor& Next() { return (*parameters_)[next_++]; }

  Tensor One(const LayerSpec& layer, const Tensor& x) {
    switch (layer.kind) {
      case LayerKind::kTanh:
        return torch::tanh(x);
      case LayerKind::kRelu:
        return torch::relu(x);
      case LayerKind::kMaxPool2d:
        return torch::max_pool2d(x, {layer.kernel, layer.kernel}, {layer.stride, layer.stride});
      case LayerKind::kMeanPool:
        return x.mean(1);
      case LayerKind::kLast:
        return x.select(1, -1);
      case LayerKind::kResidual:
        return x + Run(layer.inner, x);
      case LayerKind::kReshape: {
        std::vector<int64_t> shape = {x.size(0)};
        shape.insert(shape.end(), layer.shape.begin(), layer.shape.end());
        return x.reshape(shape);
      }
      default:
        return WithParameters(layer, x);
    }
  }

  Tensor WithParameters(const LayerSpec& layer, const Tensor& x) {
    const Tensor& weight = Next();
    switch (layer.kind) {
      case LayerKind::kEmbedding:
        return torch::embedding(weight, x.to(torch::kLong), 0);
      case LayerKind::kEmbeddingMean:
        return torch::nn::functional::embedding_bag(
            x.to(torch::kLong), weight,
            torch::nn::functional::EmbeddingBagFuncOptions().mode(torch::kMean).padding_idx(0));
      case LayerKind::kGru: {
        const Tensor &state = Next(), &input_bias = Next(), &state_bias = Next();
        return std::get<0>(torch::gru(x, torch::zeros({1, x.size(0), layer.out}),
                                      {weight, state, input_bias, state_bias}, true, 1, 0.0, true,
                                      false, true));
      }
      default:
        break;
    }
    const Tensor& bias = Next();
    switch (layer.kind) {
      case LayerKind::kLinear:
        return torch::linear(x, weight, bias);
      case LayerKind::kConvolution2d:
        return torch::conv2d(x, weight, bias, {layer.stride, layer.stride},
                             {layer.padding, layer.padding});
      case LayerKind::kLayerNorm:
        return torch::layer_norm(x, {layer.in}, weight, bias);
      case LayerKind::kGroupNorm:
        return torch::group_norm(x, layer.parts, weight, bias);
      case LayerKind::kAttention:
        return Attention(layer, x, weight, bias);
      default:
        TORCH_CHECK(false, "a layer that bench/training does not compare");
    }
  }

  Tensor Attention(const LayerSpec& layer, const Tensor& x, const Tensor& weight,
                   const Tensor& bias) {
    const int64_t width = layer.in / layer.parts;
    const Tensor packed = torch::linear(x, weight, bias)
                              .view({x.size(0), x.size(1), 3, layer.parts, width})
                              .permute({2, 0, 3, 1, 4});
    const Tensor scores =
        torch::matmul(packed[0], packed[1].transpose(2, 3)) / std::sqrt(static_cast<double>(width));
    const Tensor mixed = torch::matmul(torch::softmax(scores, 3), packed[2]);
    const Tensor& out_weight = Next();
    return torch::linear(mixed.transpose(1, 2).reshape({x.size(0), x.size(1), layer.in}),
                         out_weight, Next());
  }

  std::vector<Tensor>* parameters_;
  size_t next_ = 0;
};

class Step final : public PlainStep {
 public:
  Step(const StepPlan& plan, std::span<const float> model) : plan_(plan) {
    size_t offset = 0;
    for (const study::TensorShape& tensor : study::TensorsOf(plan.layers)) {
      const auto count = static_cast<size_t>(tensor.size());
      parameters_.push_back(
          TensorOf(model.subspan(offset, count), tensor.shape).clone().requires_grad_());
      offset += count;
    }
  }

  absl::Status Run(const Batch& batch, double learning_rate) override {
    try {
      const auto rows = static_cast<int64_t>(batch.targets.size());
      const Tensor inputs = TensorOf(batch.inputs, std::array{rows, plan_.inputs});
      const Tensor targets = TensorOf(batch.targets, std::array{rows});
      const Tensor output = Network(&parameters_).Run(plan_.layers, inputs);
      LibraryLoss(output, targets).backward();
      const torch::NoGradGuard no_autograd;
      for (Tensor& parameter : parameters_) {
        parameter.sub_(parameter.grad(), learning_rate);
        parameter.mutable_grad() = Tensor();
      }
      return absl::OkStatus();
    } catch (const std::exception& error) {
      return Internal("LibTorch failed in a plain step: %s", std::string(error.what()));
    }
  }

 private:
  Tensor LibraryLoss(const Tensor& output, const Tensor& targets) const {
    if (plan_.loss == LossKind::kSoftmax)
      return torch::cross_entropy_loss(output, targets.to(torch::kLong));
    if (plan_.loss == LossKind::kLogistic)
      return torch::binary_cross_entropy_with_logits(output.squeeze(1), targets);
    return torch::mse_loss(output.squeeze(1), targets);
  }

  StepPlan plan_;
  std::vector<Tensor> parameters_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<PlainStep>> PlainStep::Create(const StepPlan& plan,
                                                             std::span<const float> model) {
  try {
    return std::make_unique<Step>(plan, model);
  } catch (const std::exception& error) {
    return InvalidArgument("the layers do not fit together: %s", std::string(error.what()));
  }
}

void UseOneThread() { at::set_num_threads(1); }

}  // namespace mutual::client
