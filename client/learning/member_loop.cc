#include "client/learning/member_loop.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/script.h>

#include <algorithm>
#include <array>

#include "base/status.h"
#include "client/learning/loss.h"
#include "client/learning/member_tensor.h"
#include "client/learning/script_source.h"
#include "privacy/clipping.h"

namespace mutual::client {
namespace {

// The module in float64 and its parameters in flat order.
struct Model {
  torch::jit::Module module{"Loop"};
  std::vector<at::Tensor> parameters;
};

Model MakeModel(const StepPlan& plan, std::span<const float> values) {
  Model model;
  size_t offset = 0;
  for (const study::TensorShape& tensor : study::TensorsOf(plan.layers)) {
    std::string name = tensor.name;
    std::replace(name.begin(), name.end(), '.', '_');
    const auto count = static_cast<size_t>(tensor.size());
    model.parameters.push_back(
        TensorOf(values.subspan(offset, count), tensor.shape).to(at::kDouble).requires_grad_());
    model.module.register_parameter(name, model.parameters.back(), false);
    offset += count;
  }
  model.module.define(OutputSource(plan.layers));
  return model;
}

std::vector<double> GradientOf(Model& model, const StepPlan& plan, const Batch& batch,
                               int64_t member) {
  const int64_t first = member * plan.rows, all = static_cast<int64_t>(batch.targets.size());
  const auto part = [&](const std::vector<float>& values, std::vector<int64_t> shape) {
    return TensorOf(values, shape).to(at::kDouble).narrow(0, first, plan.rows);
  };
  const at::Tensor weights = part(batch.weights, {all});
  const at::Tensor output =
      model.module.forward({part(batch.inputs, {all, plan.inputs})}).toTensor();
  const at::Tensor loss = LossOf(plan.loss, output, part(batch.targets, {all}));
  const at::Tensor total = at::where(weights > 0, loss, at::zeros_like(loss)).mul(weights).sum();
  std::vector<double> gradient;
  for (const at::Tensor& tensor :
       torch::autograd::grad({total}, model.parameters, {}, c10::nullopt, false, true)) {
    const at::Tensor flat = tensor.contiguous();
    gradient.insert(gradient.end(), flat.data_ptr<double>(),
                    flat.data_ptr<double>() + flat.numel());
  }
  return gradient;
}

}  // namespace

absl::StatusOr<std::vector<double>> ClippedSumByLoop(const StepPlan& plan,
                                                     std::span<const float> model,
                                                     const Batch& batch, int64_t members) {
  std::vector<double> sum(model.size(), 0.0);
  try {
    Model loop = MakeModel(plan, model);
    for (int64_t member = 0; member < members; ++member) {
      std::vector<double> gradient = GradientOf(loop, plan, batch, member);
      privacy::ClipL2(plan.clip, gradient);
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += gradient[i];
    }
    return sum;
  } catch (const std::exception& error) {
    return Internal("LibTorch failed in the plain loop: %s", std::string(error.what()));
  }
}

}  // namespace mutual::client
