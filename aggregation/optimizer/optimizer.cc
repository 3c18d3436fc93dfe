#include "aggregation/optimizer/optimizer.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"

namespace mutual::aggregation {
namespace {

bool IsFraction(double value) { return value >= 0 && value < 1; }

// base^exponent by squaring from the lowest bit: the same bits everywhere, unlike std::pow.
double PowerOf(double base, uint64_t exponent) {
  double result = 1;
  for (; exponent != 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result = result * base;
    base = base * base;
  }
  return result;
}

constexpr size_t kBlock = 1 << 16;

// Coordinates first, first + 1, … of the state.
void StepSgd(const OptimizerOptions& options, std::span<const double> gradient, size_t first_at,
             OptimizerState* state) {
  for (size_t i = 0; i < gradient.size(); ++i) {
    double& momentum = state->first[first_at + i];
    double& parameter = state->parameters[first_at + i];
    momentum = options.momentum * momentum + gradient[i];
    const double direction = momentum + options.weight_decay * parameter;
    parameter = parameter - options.learning_rate * direction;
  }
}

void StepAdam(const OptimizerOptions& options, std::span<const double> gradient, size_t first_at,
              OptimizerState* state) {
  const double first_correction = 1 - PowerOf(options.beta1, state->step);
  const double second_correction = 1 - PowerOf(options.beta2, state->step);
  for (size_t i = 0; i < gradient.size(); ++i) {
    double& first = state->first[first_at + i];
    double& second = state->second[first_at + i];
    double& parameter = state->parameters[first_at + i];
    first = options.beta1 * first + (1 - options.beta1) * gradient[i];
    second = options.beta2 * second + (1 - options.beta2) * (gradient[i] * gradient[i]);
    const double root = std::sqrt(second / second_correction) + options.adam_epsilon;
    const double direction = first / first_correction / root + options.weight_decay * parameter;
    parameter = parameter - options.learning_rate * direction;
  }
}

void StepAverage(const OptimizerOptions& options, size_t first, size_t count,
                 OptimizerState* state) {
  for (size_t i = first; i < first + count; ++i) {
    state->average[i] =
        options.averaging * state->average[i] + (1 - options.averaging) * state->parameters[i];
  }
}

// Vectors that count as zero until first used.
void MakeRoom(const OptimizerOptions& options, OptimizerState* state) {
  const size_t size = state->parameters.size();
  if (state->first.empty()) state->first.assign(size, 0);
  const bool adam = options.kind == OptimizerKind::kAdam;
  if (adam && state->second.empty()) state->second.assign(size, 0);
  if (options.averaging != 0 && state->average.empty()) state->average.assign(size, 0);
}

// Calls `use(first, block)` for every block of the gradient.
template <typename Use>
absl::Status ForEachBlock(const GradientBlock& gradient, size_t size, const Use& use) {
  std::vector<double> buffer(std::min(kBlock, size));
  for (size_t first = 0; first < size; first += kBlock) {
    const auto block = std::span(buffer).first(std::min(kBlock, size - first));
    gradient(first, block);
    MUTUAL_RETURN_IF_ERROR(use(first, block));
  }
  return absl::OkStatus();
}

absl::Status CheckFinite(size_t, std::span<const double> block) {
  if (std::all_of(block.begin(), block.end(), [](double value) { return std::isfinite(value); })) {
    return absl::OkStatus();
  }
  return InvalidArgument("the gradient holds a NaN or an infinity, want finite values");
}

absl::Status CheckRange(bool is_within, const char* name, double value, const char* wanted) {
  if (is_within) return absl::OkStatus();
  return InvalidArgument("%s is %g, want %s", name, value, wanted);
}

}  // namespace

absl::Status Validate(const OptimizerOptions& options) {
  const double rate = options.learning_rate, decay = options.weight_decay;
  MUTUAL_RETURN_IF_ERROR(
      CheckRange(rate > 0 && std::isfinite(rate), "the learning rate", rate, "more than 0"));
  MUTUAL_RETURN_IF_ERROR(
      CheckRange(decay >= 0 && std::isfinite(decay), "the weight decay", decay, "at least 0"));
  MUTUAL_RETURN_IF_ERROR(CheckRange(IsFraction(options.averaging), "the averaging decay",
                                    options.averaging, "0 (off) to below 1"));
  if (options.schedule == Schedule::kLinear) {
    MUTUAL_RETURN_IF_ERROR(CheckRange(options.final_share >= 0 && options.final_share <= 1,
                                      "the final share of the rate", options.final_share,
                                      "0 to 1"));
    if (options.total_steps <= options.warmup_steps) {
      return InvalidArgument("the schedule has %d steps, want more than its %d warm-up steps",
                             options.total_steps, options.warmup_steps);
    }
  }
  if (options.kind == OptimizerKind::kSgd) {
    return CheckRange(IsFraction(options.momentum), "the momentum", options.momentum,
                      "0 to below 1");
  }
  MUTUAL_RETURN_IF_ERROR(
      CheckRange(IsFraction(options.beta1), "beta1", options.beta1, "0 to below 1"));
  MUTUAL_RETURN_IF_ERROR(
      CheckRange(IsFraction(options.beta2), "beta2", options.beta2, "0 to below 1"));
  return CheckRange(options.adam_epsilon > 0 && std::isfinite(options.adam_epsilon),
                    "Adam's epsilon", options.adam_epsilon, "more than 0");
}

double RateAt(const OptimizerOptions& options, uint64_t step) {
  const uint64_t warmup = options.warmup_steps;
  if (step <= warmup) {
    return options.learning_rate * (static_cast<double>(step) / static_cast<double>(warmup + 1));
  }
  if (options.schedule == Schedule::kInverseRoot) {
    return options.learning_rate / std::sqrt(static_cast<double>(step - warmup));
  }
  if (options.schedule == Schedule::kConstant) return options.learning_rate;
  const uint64_t done = std::min(step, options.total_steps) - warmup - 1;
  const double part = static_cast<double>(done) / static_cast<double>(options.total_steps - warmup);
  return options.learning_rate * (1 - (1 - options.final_share) * part);
}

OptimizerState StartAt(std::span<const double> parameters) {
  OptimizerState state;
  state.parameters.assign(parameters.begin(), parameters.end());
  return state;
}

absl::Status Step(const OptimizerOptions& options, std::span<const double> gradient,
                  OptimizerState* state) {
  MUTUAL_RETURN_IF_ERROR(Validate(options));
  if (gradient.size() != state->parameters.size()) {
    return InvalidArgument("the gradient has %d values, want %d", gradient.size(),
                           state->parameters.size());
  }
  return StepInBlocks(
      options,
      [&](size_t first, std::span<double> out) {
        std::copy_n(gradient.begin() + static_cast<long>(first), out.size(), out.begin());
      },
      state);
}

absl::Status StepInBlocks(const OptimizerOptions& options, const GradientBlock& gradient,
                          OptimizerState* state) {
  MUTUAL_RETURN_IF_ERROR(Validate(options));
  const size_t size = state->parameters.size();
  MUTUAL_RETURN_IF_ERROR(ForEachBlock(gradient, size, CheckFinite));
  MakeRoom(options, state);
  ++state->step;
  OptimizerOptions now = options;
  now.learning_rate = RateAt(options, state->step);
  return ForEachBlock(gradient, size, [&](size_t first, std::span<const double> block) {
    if (now.kind == OptimizerKind::kSgd) StepSgd(now, block, first, state);
    if (now.kind == OptimizerKind::kAdam) StepAdam(now, block, first, state);
    if (now.averaging != 0) StepAverage(now, first, block.size(), state);
    return absl::OkStatus();
  });
}

std::vector<double> Averaged(const OptimizerOptions& options, const OptimizerState& state) {
  if (options.averaging == 0 || state.step == 0 || state.average.empty()) return state.parameters;
  const double correction = 1 - PowerOf(options.averaging, state.step);
  std::vector<double> average(state.average.size());
  for (size_t i = 0; i < average.size(); ++i) average[i] = state.average[i] / correction;
  return average;
}

std::vector<float> AveragedModel(const OptimizerOptions& options, const OptimizerState& state) {
  if (options.averaging == 0 || state.step == 0 || state.average.empty()) {
    return {state.parameters.begin(), state.parameters.end()};
  }
  const double correction = 1 - PowerOf(options.averaging, state.step);
  std::vector<float> model(state.average.size());
  for (size_t i = 0; i < model.size(); ++i) {
    model[i] = static_cast<float>(state.average[i] / correction);
  }
  return model;
}

}  // namespace mutual::aggregation
