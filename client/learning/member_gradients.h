// Per-member gradients of an imported TorchScript module.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "client/learning/clipped_step.h"

namespace at {
class Tensor;
}
namespace torch::jit {
struct Module;
}

namespace mutual::client {

// Rows of some members, [members, rows, …] each.
struct MemberData {
  const at::Tensor& inputs;
  const at::Tensor& targets;
  const at::Tensor& weights;
};

// The module's parameters with their names, "conv1.weight": its own before its children's. The
// order of all below.
std::vector<std::pair<std::string, at::Tensor>> ParametersOf(const torch::jit::Module& module);

// Gradient of each parameter, [members, …], of Σ weight · loss over the member's
// rows. All members at once, by vmap of grad: members cannot see each other, each is its own call
// of forward as far as the module can tell. Throws where LibTorch has no batching rule for one of
// the module's operators.
std::vector<at::Tensor> GradientsByVmap(torch::jit::Module& module, LossKind loss,
                                        const MemberData& data);

// The same by one backward pass for each member.
std::vector<at::Tensor> GradientsByMember(torch::jit::Module& module, LossKind loss,
                                          const MemberData& data);

}  // namespace mutual::client
