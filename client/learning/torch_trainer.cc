// Trainer on LibTorch. Every tensor is float64 and every batch has the same shape, so that one member's rows cannot
// change another member's arithmetic (PRIVACY.md section 2).
#include <torch/script.h>
#include <torch/torch.h>

#include <cmath>

#include "base/status.h"
#include "client/learning/trainer.h"
#include "privacy/clipping.h"
#include "study/feature.h"
#include "study/model.h"

namespace mutual::client {
namespace {

constexpr int64_t kBatch = 64;
constexpr double kRho = 16;
constexpr double kPoissonBound = 20;  // |log rate|

using study::ModelKind;

// A study's public facts, as the arithmetic needs them.
struct Task {
  study::FeatureMap features;
  study::ModelLayout layout;
  study::TrainVector vector;
  ModelKind kind;
  bool classifies;
  double centre, half;  // of the target's public bounds; predictions are in units of half around centre
  double clip;
  int64_t rows;         // T, of every member
};

absl::StatusOr<Task> TaskOf(const study::Study& study) {
  const auto& spec = std::get<study::TrainSpec>(study.recipe);
  MUTUAL_ASSIGN_OR_RETURN(study::FeatureMap features, study::FeatureMap::Create(study.schema, spec));
  MUTUAL_ASSIGN_OR_RETURN(study::ModelLayout layout, study::LayoutOf(study));
  const bool classifies = !spec.target_class.empty();
  const bool scaled = !classifies && spec.model != ModelKind::kPoisson;
  const double low = features.target_lower(), high = features.target_upper();
  Task task{std::move(features), std::move(layout), study::TrainVectorOf(study), spec.model,
            classifies, scaled ? (low + high) / 2 : 0, scaled ? (high - low) / 2 : 1,
            study.privacy.clip.value_or(0), study.privacy.max_rows};
  return task;
}

// kBatch members as tensors: inputs [B·T, k], targets and weights [B·T]. A row that is absent or unusable is zero with
// weight 0; a member's weights sum to 1.
struct Batch {
  torch::Tensor inputs, targets, weights;
};

Batch MakeBatch(const Task& task, std::span<const study::MemberRows> members) {
  const auto k = static_cast<int64_t>(task.features.input_count());
  const auto options = torch::TensorOptions().dtype(torch::kFloat64);
  Batch batch{torch::zeros({kBatch * task.rows, k}, options),
              torch::zeros({kBatch * task.rows}, options),
              torch::zeros({kBatch * task.rows}, options)};
  auto* const inputs = batch.inputs.data_ptr<double>();
  auto* const targets = batch.targets.data_ptr<double>();
  auto* const weights = batch.weights.data_ptr<double>();
  std::vector<double> row_inputs(static_cast<size_t>(k));
  for (size_t m = 0; m < members.size(); ++m) {
    int64_t used = 0;
    const int64_t first = static_cast<int64_t>(m) * task.rows;
    for (size_t r = 0; r < members[m].row_count() && used < task.rows; ++r) {
      double target = 0;
      if (!task.features.Inputs(members[m], r, row_inputs) ||
          !task.features.Target(members[m], r, &target)) {
        continue;
      }
      std::copy(row_inputs.begin(), row_inputs.end(), inputs + (first + used) * k);
      targets[first + used] = (target - task.centre) / task.half;
      ++used;
    }
    for (int64_t r = 0; r < used; ++r) weights[first + r] = 1.0 / static_cast<double>(used);
  }
  return batch;
}

std::vector<torch::Tensor> Parameters(const Task& task, std::span<const float> model) {
  std::vector<torch::Tensor> parameters;
  size_t offset = 0;
  for (const study::TensorShape& tensor : task.layout.tensors()) {
    torch::Tensor values = torch::empty(tensor.shape, torch::kFloat64);
    for (int64_t i = 0; i < tensor.size(); ++i) {
      values.data_ptr<double>()[i] = static_cast<double>(model[offset++]);
    }
    parameters.push_back(values);
  }
  return parameters;
}

// Inputs of every layer and the output before the link function.
struct Forward {
  std::vector<torch::Tensor> activations;
  torch::Tensor output;  // [B·T]
};

Forward RunForward(const std::vector<torch::Tensor>& parameters, const torch::Tensor& inputs) {
  Forward forward;
  torch::Tensor value = inputs;
  for (size_t i = 0; i < parameters.size(); i += 2) {
    forward.activations.push_back(value);
    value = torch::addmm(parameters[i + 1], value, parameters[i].t());
    if (i + 2 < parameters.size()) value = torch::tanh(value);
  }
  forward.output = value.squeeze(1);
  return forward;
}

// d loss/d output and the loss, per row, unweighted.
struct RowLoss {
  torch::Tensor gradient, loss, correct;
};

RowLoss LossOf(const Task& task, const torch::Tensor& output, const torch::Tensor& targets) {
  RowLoss row;
  if (task.classifies) {
    row.gradient = torch::sigmoid(output) - targets;
    row.loss = torch::clamp_min(output, 0) - output * targets + torch::log1p(torch::exp(-torch::abs(output)));
    row.correct = ((output > 0) == (targets > 0.5)).to(torch::kFloat64);
    return row;
  }
  if (task.kind == ModelKind::kPoisson) {
    const torch::Tensor log_rate = torch::clamp(output, -kPoissonBound, kPoissonBound);
    row.gradient = torch::exp(log_rate) - targets;
    row.loss = torch::exp(log_rate) - targets * log_rate;
    row.correct = torch::zeros_like(output);
    return row;
  }
  const torch::Tensor difference = output - targets;
  row.gradient = difference;
  row.loss = 0.5 * difference * difference;
  row.correct = torch::clamp_min(1 - difference * difference, 0);
  return row;
}

// Gradients of the weighted row losses with respect to every layer's output, last layer first computed.
std::vector<torch::Tensor> Backward(const std::vector<torch::Tensor>& parameters,
                                    const Forward& forward, torch::Tensor gradient) {
  const size_t layers = parameters.size() / 2;
  std::vector<torch::Tensor> gradients(layers);
  gradients[layers - 1] = gradient.unsqueeze(1);
  for (size_t layer = layers - 1; layer > 0; --layer) {
    const torch::Tensor& activation = forward.activations[layer];  // tanh output
    gradients[layer - 1] =
        torch::mm(gradients[layer], parameters[2 * layer]) * (1 - activation * activation);
  }
  return gradients;
}

// Clip factor of each member [B], by book-keeping: norms of G_mᵀ·A_m without keeping it (Bu et al. 2023). A layer's
// Gram product costs T²(d+p), the direct one 2·T·d·p; the cheaper is taken.
torch::Tensor ClipFactors(const Task& task, const Forward& forward,
                          const std::vector<torch::Tensor>& gradients) {
  const int64_t rows = task.rows;
  torch::Tensor squared = torch::zeros({kBatch}, torch::kFloat64);
  torch::Tensor bound = torch::zeros({kBatch}, torch::kFloat64);
  for (size_t layer = 0; layer < gradients.size(); ++layer) {
    const int64_t d = forward.activations[layer].size(1), p = gradients[layer].size(1);
    const torch::Tensor a = forward.activations[layer].view({kBatch, rows, d});
    const torch::Tensor g = gradients[layer].view({kBatch, rows, p});
    if (rows * (d + p) < 2 * d * p) {
      const torch::Tensor gram = torch::bmm(a, a.transpose(1, 2)) + 1;  // + 1: the bias input
      squared += (gram * torch::bmm(g, g.transpose(1, 2))).sum({1, 2});
    } else {
      squared += torch::bmm(g.transpose(1, 2), a).pow(2).sum({1, 2}) + g.sum(1).pow(2).sum(1);
    }
    bound += ((a.pow(2).sum(2) + 1).sqrt() * g.pow(2).sum(2).sqrt()).sum(1).pow(2);
  }
  torch::Tensor factors = torch::zeros({kBatch}, torch::kFloat64);
  for (int64_t m = 0; m < kBatch; ++m) {
    const privacy::GhostNorm norm{squared[m].item<double>(), std::sqrt(bound[m].item<double>())};
    factors.data_ptr<double>()[m] = privacy::SafeClipFactor(norm, task.clip, kRho);
  }
  return factors;
}

void AddRounded(const torch::Tensor& values, double scale, std::span<int64_t> sum, size_t* offset) {
  const torch::Tensor flat = values.contiguous();
  for (int64_t i = 0; i < flat.numel(); ++i) {
    sum[(*offset)++] += std::llrint(scale * flat.data_ptr<double>()[i]);
  }
}

void AddTraining(const Task& task, const std::vector<torch::Tensor>& parameters, const Batch& batch,
                 double scale, std::span<int64_t> sum) {
  const Forward forward = RunForward(parameters, batch.inputs);
  const RowLoss row = LossOf(task, forward.output, batch.targets);
  // Rows that are absent or not finite are zeroed by selection, before any product: 0·∞ would poison the batch.
  const torch::Tensor usable = torch::isfinite(row.gradient).logical_and(batch.weights > 0);
  const torch::Tensor start =
      torch::where(usable, row.gradient, torch::zeros_like(row.gradient)) * batch.weights;
  std::vector<torch::Tensor> gradients = Backward(parameters, forward, start);
  const torch::Tensor factors = ClipFactors(task, forward, gradients);
  const torch::Tensor per_row = factors.repeat_interleave(task.rows).unsqueeze(1);
  size_t offset = 0;
  for (size_t layer = 0; layer < gradients.size(); ++layer) {
    const torch::Tensor clipped = torch::where(per_row > 0, gradients[layer],
                                               torch::zeros_like(gradients[layer])) * per_row;
    AddRounded(torch::mm(clipped.t(), forward.activations[layer]), scale, sum, &offset);
    AddRounded(clipped.sum(0), scale, sum, &offset);
  }
}

void AddEvaluation(const Task& task, const std::vector<torch::Tensor>& parameters,
                   const Batch& batch, double scale, std::span<int64_t> sum) {
  const Forward forward = RunForward(parameters, batch.inputs);
  const RowLoss row = LossOf(task, forward.output, batch.targets);
  const auto by_member = [&](const torch::Tensor& values) {
    const torch::Tensor kept = torch::where(batch.weights > 0, values, torch::zeros_like(values));
    return (kept * batch.weights).view({kBatch, task.rows}).sum(1);
  };
  const torch::Tensor present = batch.weights.view({kBatch, task.rows}).sum(1);
  const torch::Tensor loss = by_member(row.loss), correct = by_member(row.correct);
  for (int64_t m = 0; m < kBatch; ++m) {
    const double there = present[m].item<double>() > 0.5 ? 1 : 0;
    double share = loss[m].item<double>() / task.vector.loss_bound;
    share = std::isfinite(share) ? std::clamp(share, 0.0, 1.0) : 1.0;
    const double right = std::clamp(correct[m].item<double>(), 0.0, 1.0);
    const double unit = scale * task.vector.evaluation_scale * there;
    sum[task.vector.parameters] += std::llrint(unit);
    sum[task.vector.parameters + 1] += std::llrint(unit * share);
    sum[task.vector.parameters + 2] += std::llrint(unit * right);
  }
}

absl::Status AddRound(const TrainRound& round, std::span<int64_t> sum) {
  MUTUAL_ASSIGN_OR_RETURN(const Task task, TaskOf(*round.study));
  const auto parameters = Parameters(task, round.model);
  for (const bool evaluating : {false, true}) {
    if (evaluating && !task.vector.has_evaluation) continue;
    // Batch k is always the slots [k·kBatch, (k+1)·kBatch), those not taken as zero members: a coin, an empty slot's too,
    // must not move other members to other batches, where they would round differently.
    for (size_t first = 0; first < round.slots.size(); first += kBatch) {
      std::vector<study::MemberRows> members(static_cast<size_t>(kBatch));
      bool any = false;
      for (size_t i = 0; i < members.size() && first + i < round.slots.size(); ++i) {
        if (!round.sampled[first + i] || round.held_out[first + i] != evaluating) continue;
        members[i] = round.slots[first + i];
        any = true;
      }
      if (!any) continue;  // the zero vector, whoever the slots belong to
      const Batch batch = MakeBatch(task, members);
      evaluating ? AddEvaluation(task, parameters, batch, round.scale, sum)
                 : AddTraining(task, parameters, batch, round.scale, sum);
    }
  }
  return absl::OkStatus();
}

std::string ForwardSource(const Task& task) {
  std::string source = "def forward(self, x):\n";
  const size_t layers = task.layout.widths.size() - 1;
  for (size_t layer = 0; layer < layers; ++layer) {
    const std::string n = std::to_string(layer);
    source += "    x = torch.addmm(self.bias" + n + ", x, self.weight" + n + ".t())\n";
    if (layer + 1 < layers) source += "    x = torch.tanh(x)\n";
  }
  source += "    x = x.squeeze(1)\n";
  if (task.classifies) return source + "    return torch.sigmoid(x)\n";
  if (task.kind == ModelKind::kPoisson) return source + "    return torch.exp(torch.clamp(x, -20.0, 20.0))\n";
  return source + "    return x * " + std::to_string(task.half) + " + " + std::to_string(task.centre) + "\n";
}

class TorchTrainer final : public Trainer {
 public:
  TorchTrainer() { at::set_num_threads(1); }

  absl::Status AddClippedSum(const TrainRound& round, std::span<int64_t> sum) override {
    const torch::NoGradGuard no_autograd;
    try {
      return AddRound(round, sum);
    } catch (const std::exception& error) {
      return Internal("LibTorch failed while training (%s)", std::string(typeid(error).name()));
    }
  }

  absl::Status ExportTorchScript(const study::Study& study, std::span<const float> model,
                                 const std::string& path) override {
    try {
      MUTUAL_ASSIGN_OR_RETURN(const Task task, TaskOf(study));
      torch::jit::Module module("MutualModel");
      const auto parameters = Parameters(task, model);
      for (size_t i = 0; i < parameters.size(); ++i) {
        module.register_parameter((i % 2 == 0 ? "weight" : "bias") + std::to_string(i / 2),
                                  parameters[i].to(torch::kFloat32), false);
      }
      module.define(ForwardSource(task));
      module.save(path);
      return absl::OkStatus();
    } catch (const std::exception&) {
      return Unavailable("TorchScript could not write %s; is the folder writable?", path);
    }
  }
};

}  // namespace
}  // namespace mutual::client

extern "C" {
mutual::client::Trainer* MutualCreateTrainer() { return new mutual::client::TorchTrainer(); }
void MutualDestroyTrainer(mutual::client::Trainer* trainer) { delete trainer; }
}
