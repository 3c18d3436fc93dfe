// The one file that knows at::functorch, which LibTorch 1.13 has and later releases keep, but call
// internal.
#include <ATen/functorch/BatchedTensorImpl.h>
#include <ATen/functorch/DynamicLayer.h>
#include <ATen/functorch/TensorWrapper.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include "client/learning/loss.h"
#include "client/learning/member_gradients.h"

namespace mutual::client {
namespace {

namespace functorch = at::functorch;

// One transform, in force as long as this object lives.
class Transform {
 public:
  static int64_t BeginVmap(int64_t members) {
    return functorch::initAndPushDynamicLayer(functorch::TransformType::Vmap, members,
                                              functorch::RandomnessType::Error);
  }
  static int64_t BeginGrad() {
    return functorch::initAndPushDynamicLayer(functorch::TransformType::Grad, c10::nullopt,
                                              c10::nullopt, true);
  }
  explicit Transform(int64_t level) : level_(level) {}
  ~Transform() { functorch::popDynamicLayerAndDeleteMetadata(); }
  Transform(const Transform&) = delete;
  Transform& operator=(const Transform&) = delete;
  int64_t level() const { return level_; }

 private:
  int64_t level_;
};

bool IsParameter(const c10::ivalue::Object& object, size_t slot) {
  return object.type()->is_parameter(slot) && object.getSlot(slot).isTensor();
}

void Collect(const torch::jit::Module& module, const std::string& prefix,
             std::vector<std::pair<std::string, at::Tensor>>* parameters) {
  const auto object = module._ivalue();
  for (size_t slot = 0; slot < object->type()->numAttributes(); ++slot) {
    if (!IsParameter(*object, slot)) continue;
    parameters->emplace_back(prefix + object->type()->getAttributeName(slot),
                             object->getSlot(slot).toTensor());
  }
  for (const auto& child : module.named_children())
    Collect(child.value, prefix + child.name + ".", parameters);
}

std::vector<at::Tensor> Detached(const torch::jit::Module& module) {
  std::vector<at::Tensor> detached;
  for (const auto& [name, parameter] : ParametersOf(module)) detached.push_back(parameter.detach());
  return detached;
}

// The module's parameters for the life of this object are `values`.
class Replaced {
 public:
  Replaced(torch::jit::Module& module, const std::vector<at::Tensor>& values) {
    size_t next = 0;
    Replace(module, values, &next);
  }
  ~Replaced() {
    for (auto& [object, slot, value] : kept_) object->setSlot(slot, value);
  }
  Replaced(const Replaced&) = delete;
  Replaced& operator=(const Replaced&) = delete;

 private:
  void Replace(const torch::jit::Module& module, const std::vector<at::Tensor>& values,
               size_t* next) {
    const auto object = module._ivalue();
    for (size_t slot = 0; slot < object->type()->numAttributes(); ++slot) {
      if (!IsParameter(*object, slot)) continue;
      kept_.emplace_back(object, slot, object->getSlot(slot));
      object->setSlot(slot, values[(*next)++]);
    }
    for (const torch::jit::Module& child : module.children()) Replace(child, values, next);
  }

  std::vector<std::tuple<c10::intrusive_ptr<c10::ivalue::Object>, size_t, c10::IValue>> kept_;
};

at::Tensor Unbatched(const at::Tensor& tensor, int64_t members) {
  const auto* const batched = functorch::maybeGetBatchedImpl(tensor);
  if (batched != nullptr) return batched->value().movedim(batched->bdim(), 0);
  std::vector<int64_t> shape = {members};
  shape.insert(shape.end(), tensor.sizes().begin(), tensor.sizes().end());
  return tensor.unsqueeze(0).expand(shape);
}

// Within vmap: the gradients of one member, as the transforms see it.
std::vector<at::Tensor> GradientsInside(torch::jit::Module& module, LossKind loss,
                                        const MemberData& member,
                                        const std::vector<at::Tensor>& parameters) {
  const Transform grad(Transform::BeginGrad());
  std::vector<at::Tensor> leaves;
  functorch::setInplaceRequiresGradAllowed(true);
  for (const at::Tensor& parameter : parameters) {
    leaves.push_back(functorch::makeTensorWrapper(parameter, grad.level()));
    leaves.back().requires_grad_();
  }
  functorch::setInplaceRequiresGradAllowed(false);
  const Replaced replaced(module, leaves);
  const auto wrapped = [&](const at::Tensor& tensor) {
    return functorch::makeTensorWrapper(tensor, grad.level());
  };
  const at::Tensor output = module.forward({wrapped(member.inputs)}).toTensor();
  const at::Tensor losses = LossOf(loss, output, wrapped(member.targets)),
                   weights = wrapped(member.weights);
  const at::Tensor total = (at::where(weights > 0, losses, at::zeros_like(losses)) * weights).sum();
  std::vector<at::Tensor> gradients =
      torch::autograd::grad({total}, leaves, {}, c10::nullopt, false, true);
  for (size_t i = 0; i < gradients.size(); ++i) {
    if (!gradients[i].defined()) {
      gradients[i] = at::zeros_like(parameters[i]);
    } else if (auto* const wrapper = functorch::maybeGetTensorWrapper(gradients[i])) {
      gradients[i] = wrapper->value();
    }
  }
  return gradients;
}

}  // namespace

std::vector<std::pair<std::string, at::Tensor>> ParametersOf(const torch::jit::Module& module) {
  std::vector<std::pair<std::string, at::Tensor>> parameters;
  Collect(module, "", &parameters);
  return parameters;
}

std::vector<at::Tensor> GradientsByVmap(torch::jit::Module& module, LossKind loss,
                                        const MemberData& data) {
  const torch::jit::GraphOptimizerEnabledGuard plain_graph(false);
  const std::vector<at::Tensor> parameters = Detached(module);
  const int64_t members = data.inputs.size(0);
  std::vector<at::Tensor> gradients;
  {
    const Transform vmap(Transform::BeginVmap(members));
    const at::Tensor inputs = functorch::makeBatched(data.inputs, 0, vmap.level());
    const at::Tensor targets = functorch::makeBatched(data.targets, 0, vmap.level());
    const at::Tensor weights = functorch::makeBatched(data.weights, 0, vmap.level());
    for (const at::Tensor& gradient :
         GradientsInside(module, loss, {inputs, targets, weights}, parameters)) {
      gradients.push_back(Unbatched(gradient, members));
    }
  }
  for (at::Tensor& gradient : gradients) gradient = gradient.detach().contiguous();
  return gradients;
}

std::vector<at::Tensor> GradientsByMember(torch::jit::Module& module, LossKind loss,
                                          const MemberData& data) {
  const at::AutoGradMode autograd(true);
  std::vector<at::Tensor> leaves = Detached(module);
  for (at::Tensor& leaf : leaves) leaf.requires_grad_();
  const Replaced replaced(module, leaves);
  std::vector<std::vector<at::Tensor>> by_parameter(leaves.size());
  for (int64_t member = 0; member < data.inputs.size(0); ++member) {
    const at::Tensor output = module.forward({data.inputs[member]}).toTensor();
    const at::Tensor losses = LossOf(loss, output, data.targets[member]),
                     weights = data.weights[member];
    const at::Tensor total =
        (at::where(weights > 0, losses, at::zeros_like(losses)) * weights).sum();
    const auto gradients = torch::autograd::grad({total}, leaves, {}, c10::nullopt, false, true);
    for (size_t i = 0; i < leaves.size(); ++i) {
      by_parameter[i].push_back(gradients[i].defined() ? gradients[i] : at::zeros_like(leaves[i]));
    }
  }
  std::vector<at::Tensor> stacked;
  for (const auto& gradients : by_parameter)
    stacked.push_back(at::stack(gradients).detach().contiguous());
  return stacked;
}

}  // namespace mutual::client
