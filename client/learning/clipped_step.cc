#include "client/learning/clipped_step.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/status.h"
#include "client/learning/layer.h"
#include "client/learning/loss.h"
#include "client/learning/member_tensor.h"
#include "client/learning/script_step.h"
#include "client/learning/zero_model.h"
#include "privacy/clipping.h"

namespace mutual::client {
namespace {

constexpr int64_t kMostMembers = 256;
constexpr int64_t kMostMembersWithPositions = 64;
constexpr int64_t kMostHeldValues = int64_t{1} << 22;  // of all members of a batch: 16 MB

// Size of a batch and ρ, so that η = 2.1·(bT + 2)·b·ρ·2^-24 is kLargestEta.
struct BatchSize {
  int64_t members;
  int64_t positions;
  double rho;
};

double Eta(int64_t members, int64_t positions, double rho) {
  const auto b = static_cast<double>(members), t = static_cast<double>(positions);
  return 2.1 * (b * t + 2) * b * rho * 0x1p-24;
}

// What a batch's size is chosen by: shapes and the study's public numbers, never who is there.
struct Shapes {
  int64_t positions;  // T of the products that sum over members
  int64_t held_values, work, parameters;
};

// Relative cost of a round in batches of `members`: a batch in which nobody is sampled is left out,
// any other costs its overhead (calls, reading weights, rounding) and all its places. Nanoseconds
// of one core with AVX-512.
double Cost(int64_t members, const Shapes& shapes, double rate) {
  const auto b = static_cast<double>(members);
  const double overhead = 60000 + 3 * static_cast<double>(shapes.parameters);
  const double place = 0.12 * static_cast<double>(shapes.work);
  return -std::expm1(b * std::log1p(-rate)) / b * (overhead + b * place);
}

double RhoFor(int64_t members, int64_t positions) {
  return ClippedStep::kLargestEta / Eta(members, std::max<int64_t>(positions, 1), 1);
}

// The cheapest size among those that leave ρ large enough: W/N is 1 where T = 1 and rarely above
// 2√T otherwise, so that ρ clips nobody.
BatchSize ChooseBatch(const Shapes& shapes, const StepPlan& plan) {
  const int64_t positions = shapes.positions;
  const double wanted = positions <= 1 ? 1.25 : 2 * std::sqrt(static_cast<double>(positions));
  const int64_t most = positions == 1 ? kMostMembers : kMostMembersWithPositions;
  int64_t best = 1;
  for (int64_t members = 2; members <= most && members / 2 < plan.places; members *= 2) {
    if (members * shapes.held_values > kMostHeldValues || RhoFor(members, positions) < wanted)
      break;
    if (Cost(members, shapes, plan.sampling_rate) <= Cost(best, shapes, plan.sampling_rate))
      best = members;
  }
  return {best, positions, RhoFor(best, positions)};
}

class Step final : public ClippedStep {
 public:
  Step(const StepPlan& plan, BatchSize size, std::unique_ptr<Layer> layers)
      : plan_(plan), size_(size), layers_(std::move(layers)), device_(plan.device) {}

  int64_t batch_members() const override { return size_.members; }
  int64_t parameter_count() const override { return layers_->parameter_count(); }
  int64_t shared_positions() const override { return size_.positions; }
  double rho() const override { return size_.rho; }
  double eta() const override { return kLargestEta; }
  void Bind(std::span<const float> model) override { layers_->Bind(model); }

  absl::StatusOr<ClipCount> AddGradients(const Batch& batch, GridSum sum) override {
    const at::NoGradGuard no_autograd;
    try {
      const at::Tensor output = layers_->Forward(Inputs(batch));
      layers_->Backward(WeightedGradient(batch, output), InputGradient::kUnwanted);
      const ClipFactors factors = Factors();
      layers_->AddClipped(factors, sum);
      return CountUnclipped(batch, factors.values);
    } catch (const std::exception& error) {
      return Internal("LibTorch failed while training (%s)", std::string(typeid(error).name()));
    }
  }

  absl::Status Evaluate(const Batch& batch, RowResults* results) override {
    const at::NoGradGuard no_autograd;
    try {
      const at::Tensor output = layers_->Forward(Inputs(batch)), targets = Column(batch.targets);
      Copy(LossOf(plan_.loss, output, targets), &results->loss);
      Copy(CorrectOf(plan_.loss, output, targets), &results->correct);
      return absl::OkStatus();
    } catch (const std::exception& error) {
      return Internal("LibTorch failed while evaluating (%s)", std::string(typeid(error).name()));
    }
  }

 private:
  at::Tensor Inputs(const Batch& batch) const {
    return TensorOf(batch.inputs, std::array{size_.members * plan_.rows, plan_.inputs}).to(device_);
  }
  at::Tensor Column(const std::vector<float>& values) const {
    return TensorOf(values, std::array{size_.members * plan_.rows}).to(device_);
  }
  static void Copy(const at::Tensor& tensor, std::vector<double>* to) {
    const at::Tensor here = tensor.to(at::kCPU, at::kDouble).contiguous();
    to->assign(here.data_ptr<double>(), here.data_ptr<double>() + here.numel());
  }

  // Rows that are absent or not finite are zeroed by selection, before any product: 0·∞ would
  // poison the batch.
  at::Tensor WeightedGradient(const Batch& batch, const at::Tensor& output) const {
    const at::Tensor weights = Column(batch.weights).unsqueeze(1);
    at::Tensor gradient = LossGradient(plan_.loss, output, Column(batch.targets));
    const at::Tensor usable = at::isfinite(gradient).all(1, true).logical_and_(weights > 0);
    gradient = at::where(usable, gradient, at::zeros({}, gradient.options()));
    return gradient.mul_(weights);
  }

  ClipFactors Factors() const {
    const auto members = static_cast<size_t>(size_.members);
    MemberNorms norms{std::vector<double>(members, 0.0), std::vector<double>(members, 0.0)};
    layers_->AddNorms(&norms);
    ClipFactors factors;
    for (size_t m = 0; m < members; ++m) {
      const privacy::GhostNorm norm{norms.squared[m], std::sqrt(norms.error[m])};
      factors.values.push_back(privacy::SafeClipFactor(norm, plan_.clip, size_.rho));
      factors.is_poisoned |= !std::isfinite(norm.squared) || !std::isfinite(norm.error_bound);
    }
    return factors;
  }

  StepPlan plan_;
  BatchSize size_;
  std::unique_ptr<Layer> layers_;
  at::Device device_;
};

// Runs one member of zeros through the layers to learn what depends on shapes alone.
BatchSize Probe(const StepPlan& plan, const ZeroModel& zeros) {
  const auto layers = MakeStack(plan.layers, {1, plan.rows});
  layers->Bind(zeros.values().first(static_cast<size_t>(layers->parameter_count())));
  const at::Tensor output = layers->Forward(at::zeros({plan.rows, plan.inputs}));
  TORCH_CHECK(output.dim() == 2 && output.size(0) == plan.rows);
  layers->Backward(at::zeros_like(output), InputGradient::kUnwanted);
  return ChooseBatch({layers->shared_positions(), layers->held_values(), layers->work(),
                      layers->parameter_count()},
                     plan);
}

}  // namespace

ClipCount CountUnclipped(const Batch& batch, std::span<const double> factors) {
  const size_t rows = batch.weights.size() / factors.size();
  ClipCount count;
  for (size_t m = 0; m < factors.size(); ++m) {
    const auto weights = std::span(batch.weights).subspan(m * rows, rows);
    if (!(factors[m] > 0) ||
        std::none_of(weights.begin(), weights.end(), [](float weight) { return weight > 0; })) {
      continue;
    }
    ++count.present;
    if (factors[m] >= 1) ++count.unclipped;
  }
  return count;
}

absl::StatusOr<std::unique_ptr<ClippedStep>> ClippedStep::Create(const StepPlan& plan) {
  if (!plan.script.empty()) return MakeScriptStep(plan);
  const at::NoGradGuard no_autograd;
  int64_t count = 0;
  for (const study::TensorShape& tensor : study::TensorsOf(plan.layers)) count += tensor.size();
  MUTUAL_ASSIGN_OR_RETURN(const ZeroModel zeros, ZeroModel::Create(static_cast<size_t>(count)));
  try {
    const BatchSize size = Probe(plan, zeros);
    return std::make_unique<Step>(plan, size, MakeStack(plan.layers, {size.members, plan.rows}));
  } catch (const std::exception& error) {
    return InvalidArgument("the layers do not fit together, or there is no device \"%s\"",
                           plan.device);
  }
}

}  // namespace mutual::client
