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

void StepSgd(const OptimizerOptions& options, std::span<const double> gradient,
             OptimizerState* state) {
  if (state->first.empty()) state->first.assign(gradient.size(), 0);
  for (size_t i = 0; i < gradient.size(); ++i) {
    double& momentum = state->first[i];
    double& parameter = state->parameters[i];
    momentum = options.momentum * momentum + gradient[i];
    const double direction = momentum + options.weight_decay * parameter;
    parameter = parameter - options.learning_rate * direction;
  }
}

void StepAdam(const OptimizerOptions& options, std::span<const double> gradient,
              OptimizerState* state) {
  if (state->first.empty()) state->first.assign(gradient.size(), 0);
  if (state->second.empty()) state->second.assign(gradient.size(), 0);
  const double first_correction = 1 - PowerOf(options.beta1, state->step);
  const double second_correction = 1 - PowerOf(options.beta2, state->step);
  for (size_t i = 0; i < gradient.size(); ++i) {
    double& first = state->first[i];
    double& second = state->second[i];
    double& parameter = state->parameters[i];
    first = options.beta1 * first + (1 - options.beta1) * gradient[i];
    second = options.beta2 * second + (1 - options.beta2) * (gradient[i] * gradient[i]);
    const double root = std::sqrt(second / second_correction) + options.adam_epsilon;
    const double direction = first / first_correction / root + options.weight_decay * parameter;
    parameter = parameter - options.learning_rate * direction;
  }
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
  if (!std::all_of(gradient.begin(), gradient.end(),
                   [](double value) { return std::isfinite(value); })) {
    return InvalidArgument("the gradient holds a NaN or an infinity, want finite values");
  }
  ++state->step;
  if (options.kind == OptimizerKind::kSgd) StepSgd(options, gradient, state);
  if (options.kind == OptimizerKind::kAdam) StepAdam(options, gradient, state);
  if (options.averaging == 0) return absl::OkStatus();
  if (state->average.empty()) state->average.assign(gradient.size(), 0);
  for (size_t i = 0; i < gradient.size(); ++i) {
    state->average[i] =
        options.averaging * state->average[i] + (1 - options.averaging) * state->parameters[i];
  }
  return absl::OkStatus();
}

std::vector<double> Averaged(const OptimizerOptions& options, const OptimizerState& state) {
  if (options.averaging == 0 || state.step == 0 || state.average.empty()) return state.parameters;
  const double correction = 1 - PowerOf(options.averaging, state.step);
  std::vector<double> average(state.average.size());
  for (size_t i = 0; i < average.size(); ++i) average[i] = state.average[i] / correction;
  return average;
}

}  // namespace mutual::aggregation
