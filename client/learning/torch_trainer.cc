// Trainer on LibTorch: a round's slots in fixed batches, each clipped and rounded once (PRIVACY.md
// section 2).
#include <ATen/Parallel.h>
#include <torch/cuda.h>
#include <torch/script.h>

#include <cmath>
#include <filesystem>

#include "base/file.h"
#include "base/status.h"
#include "client/learning/clipped_step.h"
#include "client/learning/script_guard.h"
#include "client/learning/script_source.h"
#include "client/learning/script_step.h"
#include "client/learning/task.h"
#include "client/learning/trainer.h"
#include "crypto/digest.h"

namespace mutual::client {
namespace {

using Members = std::vector<study::MemberRows>;

absl::Status AddEvaluation(const Task& task, const Batch& batch, ClippedStep& step,
                           const GridSum& sum) {
  RowResults rows;
  MUTUAL_RETURN_IF_ERROR(step.Evaluate(batch, &rows));
  const auto per_member = static_cast<size_t>(task.plan.rows);
  const size_t at = task.vector.evaluation_at();
  for (size_t first = 0; first < batch.weights.size(); first += per_member) {
    double present = 0, loss = 0, correct = 0;
    for (size_t row = first; row < first + per_member; ++row) {
      const auto weight = static_cast<double>(batch.weights[row]);
      if (!(weight > 0)) continue;
      present = 1;
      loss += weight * rows.loss[row];
      correct += weight * rows.correct[row];
    }
    const double share =
        std::isfinite(loss) ? std::clamp(loss / task.vector.loss_bound, 0.0, 1.0) : 1.0;
    const double right = std::isfinite(correct) ? std::clamp(correct, 0.0, 1.0) : 0.0;
    const double unit = sum.scale * task.vector.evaluation_scale * present;
    sum.values[at] += std::llrint(unit);
    sum.values[at + 1] += std::llrint(unit * share);
    sum.values[at + 2] += std::llrint(unit * right);
  }
  return absl::OkStatus();
}

// Each member ±1/2, in units of the vector's scale; rounded once for the batch.
void AddClipCount(const Task& task, const ClipCount& count, const GridSum& sum) {
  const double halves = static_cast<double>(2 * count.unclipped - count.present);
  sum.values[task.vector.parameters] +=
      std::llrint(sum.scale * task.vector.clip_count_scale * 0.5 * halves);
}

// Batch k is always the slots [k·b, (k+1)·b), those not taken as zero members: a coin, an empty
// slot's too, must not move other members to other batches, where they would round differently.
// False: nobody is in it.
bool TakeMembers(const TrainRound& round, size_t first, bool held_out, Members* members) {
  bool any = false;
  for (size_t i = 0; i < members->size(); ++i) {
    const size_t slot = first + i;
    const bool taken =
        slot < round.slots.size() && round.sampled[slot] && round.held_out[slot] == held_out;
    (*members)[i] = taken ? round.slots[slot] : study::MemberRows{};
    any |= taken && (*members)[i].row_count() > 0;
  }
  return any;
}

absl::Status AddRound(const Task& task, const TrainRound& round, ClippedStep& step,
                      std::span<int64_t> sum) {
  step.Bind(round.model);
  const GridSum grid{round.scale, sum};
  GridSum gradients = grid.Part(0, task.vector.parameters);
  if (round.clip) gradients.scale *= round.study->privacy.clip.value_or(0) / *round.clip;
  Members members(static_cast<size_t>(step.batch_members()));
  for (const bool held_out : {false, true}) {
    if (held_out && !task.vector.has_evaluation) continue;
    for (size_t first = 0; first < round.slots.size(); first += members.size()) {
      if (!TakeMembers(round, first, held_out, &members)) continue;  // the zero vector
      const Batch batch = MakeBatch(task, members);
      if (held_out) {
        MUTUAL_RETURN_IF_ERROR(AddEvaluation(task, batch, step, grid));
        continue;
      }
      MUTUAL_ASSIGN_OR_RETURN(const ClipCount count, step.AddGradients(batch, gradients));
      if (task.vector.has_clip_count) AddClipCount(task, count, grid);
    }
  }
  return absl::OkStatus();
}

class TorchTrainer final : public Trainer {
 public:
  explicit TorchTrainer(const TrainerOptions& options) : options_(options) {
    at::set_num_threads(1);
    // Products in less than float32 would void the error bound of docs/PRIVACY.md section 3.
    at::globalContext().setAllowTF32CuBLAS(false);
    at::globalContext().setAllowTF32CuDNN(false);
    at::globalContext().setBenchmarkCuDNN(false);
  }

  absl::Status AddClippedSum(const TrainRound& round, std::span<int64_t> sum) override {
    MUTUAL_ASSIGN_OR_RETURN(Task task, TaskOf(*round.study));
    task.plan.device = options_.device;
    if (round.clip) task.plan.clip = *round.clip;
    task.plan.places = static_cast<int64_t>(round.slots.size());
    MUTUAL_RETURN_IF_ERROR(FindScript(*round.study, &task));
    MUTUAL_ASSIGN_OR_RETURN(const auto step, ClippedStep::Create(task.plan));
    return AddRound(task, round, *step, sum);
  }

  absl::Status ExportTorchScript(const study::Study& study, std::span<const float> model,
                                 const std::string& path) override {
    MUTUAL_ASSIGN_OR_RETURN(Task task, TaskOf(study));
    if (!task.layout.script_tensors.empty()) {
      MUTUAL_RETURN_IF_ERROR(FindScript(study, &task));
      return SaveScript(task.plan.script, model, path);
    }
    try {
      torch::jit::Module module("MutualModel");
      size_t offset = 0;
      for (const study::TensorShape& tensor : task.layout.tensors()) {
        std::string name = tensor.name;
        std::replace(name.begin(), name.end(), '.', '_');
        at::Tensor values = torch::empty(tensor.shape, torch::kFloat32);
        std::copy_n(model.begin() + static_cast<long>(offset), tensor.size(),
                    values.data_ptr<float>());
        offset += static_cast<size_t>(tensor.size());
        module.register_parameter(name, values, false);
      }
      module.define(ForwardSource(task));
      module.save(path);
      return absl::OkStatus();
    } catch (const std::exception&) {
      return Unavailable("TorchScript could not write %s; is the folder writable?", path);
    }
  }

  absl::StatusOr<std::string> DescribeScript(const std::string& path) override {
    MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kMostScriptBytes));
    MUTUAL_ASSIGN_OR_RETURN(const std::string parameters, ScriptParameters(path));
    return "model = \"script\"\nscript = \"" + crypto::Sha256(bytes).ToHex() + "\"\n" + parameters;
  }

 private:
  // An imported model is the file whose digest people voted on, or nothing.
  absl::Status FindScript(const study::Study& study, Task* task) const {
    const std::string& digest = std::get<study::TrainSpec>(study.recipe).network.script;
    if (digest.empty()) return absl::OkStatus();
    task->plan.script = (std::filesystem::path(options_.scripts) / (digest + ".pt")).string();
    const auto bytes = ReadFile(task->plan.script, kMostScriptBytes);
    if (bytes.ok() && crypto::Sha256(*bytes).ToHex() == digest) return absl::OkStatus();
    return WithCode(
        NotFound("the study's model file is not at %s or has another digest; put the file that the "
                 "researcher gave you there",
                 task->plan.script),
        "SCRIPT_MISSING");
  }

  TrainerOptions options_;
};

// The device that "auto" means, or `wanted` when LibTorch has it; empty when not.
std::string DeviceOf(const std::string& wanted) {
  const size_t devices = torch::cuda::is_available() ? torch::cuda::device_count() : 0;
  if (wanted == "auto") return devices > 0 ? "cuda" : "cpu";
  if (wanted == "cpu") return wanted;
  for (size_t i = 0; i < devices; ++i) {
    if (wanted == "cuda:" + std::to_string(i) || wanted == "cuda") return wanted;
  }
  return "";
}

}  // namespace
}  // namespace mutual::client

extern "C" {
// Null when LibTorch does not have the device.
mutual::client::Trainer* MutualCreateTrainer(const mutual::client::TrainerOptions* options) {
  mutual::client::TrainerOptions chosen = *options;
  chosen.device = mutual::client::DeviceOf(options->device);
  return chosen.device.empty() ? nullptr : new mutual::client::TorchTrainer(chosen);
}
void MutualDestroyTrainer(mutual::client::Trainer* trainer) { delete trainer; }
}
