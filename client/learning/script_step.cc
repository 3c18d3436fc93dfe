#include "client/learning/script_step.h"

#include <torch/script.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "base/status.h"
#include "client/learning/loss.h"
#include "client/learning/member_gradients.h"
#include "client/learning/member_tensor.h"
#include "client/learning/script_guard.h"
#include "privacy/clipping.h"

namespace mutual::client {
namespace {

constexpr int64_t kMostMembers = 64;
constexpr int64_t kMostHeldValues = int64_t{1} << 24;  // gradients of all members of a batch: 64 MB

class ScriptStep final : public ClippedStep {
 public:
  ScriptStep(const StepPlan& plan, torch::jit::Module module)
      : plan_(plan), module_(std::move(module)) {
    for (const auto& [name, parameter] : ParametersOf(module_)) {
      parameters_.push_back(parameter.detach());
      count_ += parameter.numel();
    }
    members_ = std::clamp<int64_t>(kMostHeldValues / std::max<int64_t>(count_, 1), 1, kMostMembers);
    while (members_ > 1 && members_ / 2 >= plan.places) members_ /= 2;
    has_vmap_ = !plan.script_by_member && TryVmap();
  }

  int64_t batch_members() const override { return members_; }
  int64_t parameter_count() const override { return count_; }
  int64_t shared_positions() const override { return 0; }
  double rho() const override { return 1; }
  double eta() const override { return kLargestEta; }

  void Bind(std::span<const float> model) override {
    const at::NoGradGuard no_autograd;
    size_t offset = 0;
    for (at::Tensor& parameter : parameters_) {
      const auto count = static_cast<size_t>(parameter.numel());
      parameter.copy_(TensorOf(model.subspan(offset, count), parameter.sizes().vec()));
      offset += count;
    }
  }

  absl::StatusOr<ClipCount> AddGradients(const Batch& batch, GridSum sum) override {
    try {
      const std::vector<at::Tensor> gradients = Gradients(batch);
      const auto members = static_cast<size_t>(members_);
      std::vector<double> squared(members, 0.0), factors;
      for (const at::Tensor& gradient : gradients) AddSquares(gradient, squared);
      for (const double square : squared)
        factors.push_back(privacy::SafeClipFactor({square, 0}, plan_.clip, rho()));
      size_t offset = 0;
      for (const at::Tensor& gradient : gradients) {
        const auto count = static_cast<size_t>(gradient.numel()) / members;
        AddWeighted(gradient, factors, sum.Part(offset, count));
        offset += count;
      }
      return CountUnclipped(batch, factors);
    } catch (const std::exception& error) {
      return Internal("LibTorch failed in the imported model (%s)",
                      std::string(typeid(error).name()));
    }
  }

  // One member at a time: what a member's rows give may not depend on the others'.
  absl::Status Evaluate(const Batch& batch, RowResults* results) override {
    const at::NoGradGuard no_autograd;
    try {
      *results = {};
      const Data data = DataOf(batch);
      for (int64_t member = 0; member < members_; ++member) {
        const at::Tensor output = module_.forward({data.inputs[member]}).toTensor();
        Append(LossOf(plan_.loss, output, data.targets[member]), &results->loss);
        Append(CorrectOf(plan_.loss, output, data.targets[member]), &results->correct);
      }
      return absl::OkStatus();
    } catch (const std::exception& error) {
      return Internal("LibTorch failed in the imported model (%s)",
                      std::string(typeid(error).name()));
    }
  }

 private:
  struct Data {
    at::Tensor inputs, targets, weights;  // [members, rows, …]
  };

  Data DataOf(const Batch& batch) const {
    return {TensorOf(batch.inputs, std::array{members_, plan_.rows, plan_.inputs}),
            TensorOf(batch.targets, std::array{members_, plan_.rows}),
            TensorOf(batch.weights, std::array{members_, plan_.rows})};
  }

  static void Append(const at::Tensor& tensor, std::vector<double>* to) {
    const at::Tensor here = tensor.to(at::kCPU, at::kDouble).contiguous();
    to->insert(to->end(), here.data_ptr<double>(), here.data_ptr<double>() + here.numel());
  }

  std::vector<at::Tensor> Gradients(const Batch& batch) {
    const Data data = DataOf(batch);
    const MemberData members{data.inputs, data.targets, data.weights};
    return has_vmap_ ? GradientsByVmap(module_, plan_.loss, members)
                     : GradientsByMember(module_, plan_.loss, members);
  }

  // Whether every operator has a batching rule; the answer depends on the module and the shapes
  // only.
  bool TryVmap() {
    const auto rows = static_cast<size_t>(members_ * plan_.rows);
    const Batch empty{std::vector<float>(rows * static_cast<size_t>(plan_.inputs), 0.0F),
                      std::vector<float>(rows, 0.0F), std::vector<float>(rows, 0.0F)};
    try {
      const Data data = DataOf(empty);
      GradientsByVmap(module_, plan_.loss, {data.inputs, data.targets, data.weights});
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  StepPlan plan_;
  torch::jit::Module module_;
  std::vector<at::Tensor> parameters_;
  int64_t count_ = 0, members_ = 1;
  bool has_vmap_ = false;
};

absl::Status CheckTensors(const torch::jit::Module& module, const StepPlan& plan) {
  const auto found = ParametersOf(module);
  bool same = found.size() == plan.script_tensors.size();
  for (size_t i = 0; same && i < found.size(); ++i) {
    same = found[i].first == plan.script_tensors[i].name &&
           found[i].second.sizes().vec() == plan.script_tensors[i].shape;
  }
  if (same) return absl::OkStatus();
  return WithCode(
      InvalidArgument(
          "the model's file has other parameters than the study lists; compare them with: "
          "mutual describe-script FILE"),
      "SCRIPT_SHAPE");
}

}  // namespace

absl::StatusOr<std::unique_ptr<ClippedStep>> MakeScriptStep(const StepPlan& plan) {
  std::error_code error;
  const auto size = std::filesystem::file_size(plan.script, error);
  if (error || size > kMostScriptBytes) {
    return WithCode(
        NotFound("the study's model file %s is not there or longer than 256 MB", plan.script),
        "SCRIPT_MISSING");
  }
  try {
    torch::jit::Module module = torch::jit::load(plan.script);
    module.eval();
    MUTUAL_RETURN_IF_ERROR(CheckScriptCode(module));
    MUTUAL_RETURN_IF_ERROR(CheckTensors(module, plan));
    MUTUAL_RETURN_IF_ERROR(CheckScriptRun(module, plan, plan.outputs));
    return std::make_unique<ScriptStep>(plan, std::move(module));
  } catch (const std::exception&) {
    return WithCode(InvalidArgument("the model's file is no TorchScript that this LibTorch reads"),
                    "SCRIPT_REFUSED");
  }
}

absl::StatusOr<std::string> ScriptParameters(const std::string& path) {
  try {
    const torch::jit::Module module = torch::jit::load(path);
    MUTUAL_RETURN_IF_ERROR(CheckScriptCode(module));
    std::string line = "parameters = [";
    for (const auto& [name, parameter] : ParametersOf(module)) {
      line += (line.back() == '[' ? "\"" : ", \"") + name;
      for (const int64_t side : parameter.sizes()) line += " " + std::to_string(side);
      line += parameter.eq(1).all().item<bool>() ? " = 1\"" : "\"";
    }
    return line + "]\n";
  } catch (const std::exception&) {
    return WithCode(InvalidArgument("%s is no TorchScript file that this LibTorch reads", path),
                    "SCRIPT_REFUSED");
  }
}

absl::Status SaveScript(const std::string& path, std::span<const float> model,
                        const std::string& to) {
  const at::NoGradGuard no_autograd;
  try {
    const torch::jit::Module module = torch::jit::load(path);
    size_t offset = 0;
    for (const auto& [name, parameter] : ParametersOf(module)) {
      const auto count = static_cast<size_t>(parameter.numel());
      parameter.detach().copy_(TensorOf(model.subspan(offset, count), parameter.sizes().vec()));
      offset += count;
    }
    module.save(to);
    return absl::OkStatus();
  } catch (const std::exception&) {
    return Unavailable("TorchScript could not write %s; is the folder writable?", to);
  }
}

}  // namespace mutual::client
