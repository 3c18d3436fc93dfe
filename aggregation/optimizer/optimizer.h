// Server optimizers over a flat parameter vector, in float64, deterministic.
//
// Arithmetic is specified in docs/REPLAY.md: coordinates in order, no contraction.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace mutual::aggregation {

enum class OptimizerKind { kSgd, kAdam };
enum class Schedule { kConstant, kLinear, kInverseRoot };

struct OptimizerOptions {
  OptimizerKind kind;
  double learning_rate;   // > 0: the largest
  double momentum;        // SGD: 0 ≤ momentum < 1. v = momentum·v + g; w −= lr·v
  double beta1, beta2;    // Adam (Kingma and Ba 2015)
  double adam_epsilon;
  double weight_decay;    // decoupled, ≥ 0
  double averaging;       // EMA decay in [0, 1): average = a·average + (1−a)·w, bias-corrected; 0 = off
  Schedule schedule = Schedule::kConstant;
  uint64_t warmup_steps = 0;  // the rate rises over so many steps before the schedule begins
  uint64_t total_steps = 0;   // linear: > warmup_steps
  double final_share = 0;     // linear: share of the rate towards which it falls, in [0, 1]
};

// The state after some rounds. Parameters and averages are float64; published models are the
// float32 rounding of `parameters` (training continues) and of `average` (evaluation, result).
struct OptimizerState {
  uint64_t step = 0;
  std::vector<double> parameters;
  std::vector<double> first;    // momentum or Adam's m
  std::vector<double> second;   // Adam's v
  std::vector<double> average;  // uncorrected EMA
};

// INVALID_ARGUMENT when an option is out of range.
absl::Status Validate(const OptimizerOptions& options);
// The learning rate of step 1, 2, … With w warm-up steps: rate·(step/(w + 1)) while step <= w. Then with
// k = step − w: constant; linear, rate·(1 − (1 − final_share)·((k − 1)/(total_steps − w))); or
// inverse root, rate/√k. Steps beyond the total keep the last rate.
double RateAt(const OptimizerOptions& options, uint64_t step);
OptimizerState StartAt(std::span<const double> parameters);
// One step with the mean gradient `gradient`. INVALID_ARGUMENT on another size or NaN.
absl::Status Step(const OptimizerOptions& options, std::span<const double> gradient,
                  OptimizerState* state);
// The same in blocks of at most 2^16 coordinates, so that no gradient as long as the model is in memory.
// `gradient(first, out)` writes coordinates first, first + 1, … and is asked for every block twice: to be
// checked, then for the step.
using GradientBlock = std::function<void(size_t first, std::span<double> out)>;
absl::Status StepInBlocks(const OptimizerOptions& options, const GradientBlock& gradient,
                          OptimizerState* state);
// The bias-corrected average, or the parameters when averaging is off.
std::vector<double> Averaged(const OptimizerOptions& options, const OptimizerState& state);
// Its float32 rounding, coordinate by coordinate.
std::vector<float> AveragedModel(const OptimizerOptions& options, const OptimizerState& state);

// Byte-exact save and restore (journal). DATA_LOSS on malformed bytes.
std::string Serialize(const OptimizerState& state);
// The same bytes in pieces of at most 512 KiB; ends at the first error of `take`.
using TakeBytes = std::function<absl::Status(std::string_view)>;
absl::Status SerializeTo(const OptimizerState& state, const TakeBytes& take);
absl::StatusOr<OptimizerState> Parse(std::string_view bytes);

}  // namespace mutual::aggregation
