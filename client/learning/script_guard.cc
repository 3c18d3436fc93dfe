#include "client/learning/script_guard.h"

#include <torch/csrc/jit/passes/inliner.h>
#include <torch/script.h>

#include <chrono>
#include <set>

#include "absl/strings/str_split.h"
#include "base/status.h"

namespace mutual::client {
namespace {

// aten:: operators that compute one row's output from that row and the parameters, and what
// TorchScript needs around them.
constexpr char kOperators[] =
    "Bool Delete Float Int __and__ __contains__ __derive_index __getitem__ __is__ __isnot__ "
    "__not__ __or__ __range_length abs adaptive_avg_pool1d adaptive_avg_pool2d add add_ "
    "addcmul addmm all any append arange argmax as_tensor avg_pool1d avg_pool2d baddbmm bmm "
    "cat ceil chunk clamp clamp_max clamp_min clone constant_pad_nd contiguous conv1d conv2d "
    "conv3d cos cumsum detach device dim div div_ einsum elu embedding embedding_bag eq exp "
    "expand expand_as find flatten floor floordiv format full full_like gather ge gelu glu "
    "group_norm gru gt hardtanh index_select instance_norm is_autocast_enabled "
    "is_floating_point is_grad_enabled layer_norm le leaky_relu len linear list log log1p "
    "log_softmax logical_and logical_not logical_or logsumexp lstm lt masked_fill "
    "masked_fill_ matmul max max_pool1d max_pool2d maximum mean min minimum mish mm movedim "
    "mul mul_ mv narrow ne neg new_full new_ones new_zeros norm numel ones ones_like pad "
    "permute pow prelu reciprocal relu relu6 relu_ remainder repeat reshape reshape_as rsqrt "
    "rsub select selu sigmoid sign silu sin size slice softmax softplus split sqrt square "
    "squeeze stack std str sub sub_ sum t tanh tensor tile to transpose tril triu type_as "
    "unbind unflatten unsqueeze upsample_nearest2d var view view_as where zeros zeros_like";

// prim:: nodes without an effect outside the graph.
constexpr char kPrimitives[] =
    "CallFunction CallMethod Constant DictConstruct GetAttr If ListConstruct ListUnpack Loop "
    "NumToTensor RaiseException TupleConstruct TupleIndex TupleUnpack Uninitialized abs data "
    "device dtype is_cuda layout max min requires_grad shape unchecked_cast "
    "unchecked_unwrap_optional";

std::set<std::string> Names(const char* list) { return absl::StrSplit(list, ' '); }

absl::Status Refused(const std::string& what) {
  return WithCode(
      InvalidArgument("the model's file %s; see docs/PYTHON.md for what a model may contain", what),
      "SCRIPT_REFUSED");
}

bool IsTrueConstant(const torch::jit::Value* value) {
  const auto constant = torch::jit::toIValue(value);
  return constant && constant->isBool() && constant->toBool();
}

// A `for` loop: it begins and goes on as long as there are turns left.
bool IsCounted(const torch::jit::Node* loop) {
  return IsTrueConstant(loop->input(1)) && IsTrueConstant(loop->blocks()[0]->outputs()[0]);
}

// Dropout that is off: the module is in evaluation mode, and nothing may set an attribute.
bool IsDropoutOff(const torch::jit::Node* node) {
  if (node->kind() != c10::Symbol::aten("dropout")) return false;
  const auto constant = torch::jit::toIValue(node->input(2));
  if (constant) return constant->isBool() && !constant->toBool();
  const torch::jit::Node* const source = node->input(2)->node();
  return source->kind() == c10::prim::GetAttr && source->s(c10::attr::name) == "training";
}

absl::Status CheckBlock(const torch::jit::Block* block, size_t* operators) {
  static const std::set<std::string> kAten = Names(kOperators), kPrim = Names(kPrimitives);
  for (const torch::jit::Node* node : block->nodes()) {
    const std::string space = node->kind().ns().toUnqualString(),
                      name = node->kind().toUnqualString();
    const bool known =
        space == "aten" ? kAten.count(name) > 0 : space == "prim" && kPrim.count(name) > 0;
    if (!known && !IsDropoutOff(node))
      return Refused("uses " + space + "::" + name + ", which is not on the list of operators");
    if (name == "Loop" && !IsCounted(node))
      return Refused("has a loop whose end depends on what it computes");
    if (++*operators > kMostScriptOperators) return Refused("has too many operators");
    for (const torch::jit::Block* const inner : node->blocks())
      MUTUAL_RETURN_IF_ERROR(CheckBlock(inner, operators));
  }
  return absl::OkStatus();
}

at::Tensor SampleRows(const StepPlan& plan, int64_t rows) {
  // Whole numbers 0 and 1 are rows of pixels, of words and of scaled numbers alike.
  at::Tensor values = at::arange(rows * plan.inputs, at::kLong);
  values = (values * 2654435761).remainder(1013).remainder(2);
  return values.view({rows, plan.inputs}).to(at::kFloat);
}

std::vector<at::Tensor> Buffers(const torch::jit::Module& module) {
  std::vector<at::Tensor> buffers;
  for (const at::Tensor& buffer : module.buffers()) buffers.push_back(buffer.clone());
  for (const at::Tensor& parameter : module.parameters()) buffers.push_back(parameter.clone());
  return buffers;
}

absl::Status CheckRows(torch::jit::Module& module, const StepPlan& plan, int64_t outputs) {
  const std::vector<at::Tensor> before = Buffers(module);
  const at::Tensor rows = SampleRows(plan, 4);
  const at::Tensor first = module.forward({rows.clone()}).toTensor(),
                   again = module.forward({rows.clone()}).toTensor();
  if (first.dim() != 2 || first.size(0) != 4 || first.size(1) != outputs ||
      first.scalar_type() != at::kFloat) {
    return Refused("does not return float32 [rows, " + std::to_string(outputs) +
                   "] for this study's inputs");
  }
  if (!first.equal(again)) return Refused("answers differently the second time");
  const std::vector<at::Tensor> after = Buffers(module);
  for (size_t i = 0; i < before.size(); ++i) {
    if (!before[i].equal(after[i])) return Refused("has a buffer that changes");
  }
  for (int64_t row = 0; row < 4; ++row) {
    const at::Tensor alone = module.forward({rows.narrow(0, row, 1).clone()}).toTensor();
    if (!at::allclose(alone, first.narrow(0, row, 1), 1e-3, 1e-4)) {
      return Refused("mixes rows: a row alone gives another output than among others");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckScriptCode(const torch::jit::Module& module) {
  for (const at::Tensor& parameter : module.parameters()) {
    if (parameter.scalar_type() != at::kFloat)
      return Refused("has a parameter that is not float32");
  }
  size_t operators = 0;
  const auto graph = module.get_method("forward").graph()->copy();
  torch::jit::Inline(*graph);
  return CheckBlock(graph->block(), &operators);
}

absl::Status CheckScriptRun(torch::jit::Module& module, const StepPlan& plan, int64_t outputs) {
  const at::NoGradGuard no_autograd;
  try {
    MUTUAL_RETURN_IF_ERROR(CheckRows(module, plan, outputs));
    const auto begun = std::chrono::steady_clock::now();
    module.forward({SampleRows(plan, plan.rows)});
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
    if (taken.count() > kMostSecondsPerMember)
      return Refused("takes too long for one member's rows");
    return absl::OkStatus();
  } catch (const std::exception&) {
    return Refused("fails on rows of this study's inputs");
  }
}

}  // namespace mutual::client
