#include "coordinator/release/sum_release.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "aggregation/ring.h"
#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "privacy/grid.h"
#include "privacy/study_phase.h"
#include "study/model.h"
#include "study/train_recipe.h"

namespace mutual::coordinator {
namespace {

constexpr size_t kBlockWords = 1 << 16;

enum class Sign { kAdd, kTakeOff };

// Adds the file's words to `total`, or takes them off. Words behind total's are padding, read by
// nobody.
absl::Status AddFile(const std::string& path, Sign sign, std::span<uint32_t> total) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> block(kBlockWords * 4);
  for (size_t at = 0; at < total.size(); at += kBlockWords) {
    const size_t words = std::min(kBlockWords, total.size() - at);
    file.read(block.data(), static_cast<std::streamsize>(words * 4));
    if (file.gcount() != static_cast<std::streamsize>(words * 4)) {
      return WithCode(
          DataLoss("a kept contribution or class sum is shorter than its round's vector; "
                   "restore the content folder"),
          "CONTENT_CORRUPT");
    }
    const auto bytes = AsBytes(std::string_view(block.data(), words * 4));
    if (sign == Sign::kAdd) {
      aggregation::AddBytesToRing(bytes, total.subspan(at, words));
    } else {
      aggregation::TakeBytesOffRing(bytes, total.subspan(at, words));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<uint32_t>> AddUp(const ReleaseInput& input) {
  std::vector<uint32_t> total(input.recipe->dimension(), 0);
  for (const std::string& path : input.files) {
    MUTUAL_RETURN_IF_ERROR(AddFile(path, Sign::kAdd, total));
  }
  for (const std::string& path : input.mask_files) {
    MUTUAL_RETURN_IF_ERROR(AddFile(path, Sign::kTakeOff, total));
  }
  return total;
}

// The centred representative over the grid's scale (docs/REPLAY.md).
double Dequantised(uint32_t word, double scale) {
  return static_cast<double>(static_cast<int32_t>(word)) / scale;
}

study::ReleasedSum SumOf(std::span<const uint32_t> total, const privacy::Grid& grid, size_t nodes) {
  study::ReleasedSum sum;
  sum.values.resize(total.size());
  for (size_t i = 0; i < total.size(); ++i) sum.values[i] = Dequantised(total[i], grid.scale);
  sum.noise_stddev =
      static_cast<double>(grid.noise_stddev) * std::sqrt(static_cast<double>(nodes)) / grid.scale;
  sum.nodes = static_cast<int>(nodes);
  return sum;
}

// How a sum becomes the optimizer's gradient: (stretch · sum/scale) / divisor.
struct GradientUnit {
  double scale, stretch, divisor;
};

GradientUnit UnitOf(const ReleaseInput& input, const privacy::Grid& grid) {
  const study::Study& study = *input.study;
  const auto& local = std::get<study::TrainSpec>(study.recipe).local;
  // The mean of the counted nodes' differences, downwards; how many they are stands in the log.
  if (local) {
    return {study::DifferenceScale(local->bound, grid.clamp), -1,
            static_cast<double>(input.files.size())};
  }
  // Where the clip adapts, gradients came scaled by C_1/C_t.
  const double stretch = study.privacy.clip_rule ? input.clip / study.privacy.clip.value_or(0) : 1;
  // A declared public constant, never the realised number: that would leak who took part.
  return {grid.scale, stretch, study::ExpectedGradients(study)};
}

absl::Status TakeStep(const ReleaseInput& input, std::span<const uint32_t> total,
                      const privacy::Grid& grid, aggregation::OptimizerState* state) {
  const GradientUnit unit = UnitOf(input, grid);
  return aggregation::StepInBlocks(
      OptionsOf(std::get<study::TrainSpec>(input.study->recipe)),
      [&](size_t first, std::span<double> out) {
        for (size_t i = 0; i < out.size(); ++i) {
          out[i] = unit.stretch * Dequantised(total[first + i], unit.scale) / unit.divisor;
        }
      },
      state);
}

// Whether the study ends with this round: it was the last, or the held-out loss no longer falls.
bool IsLast(const ReleaseInput& input, std::span<const uint32_t> total, double scale,
            study::StopState* stop) {
  if (input.round == input.study->rounds()) return true;
  const auto* const spec = std::get_if<study::TrainSpec>(&input.study->recipe);
  if (spec == nullptr || spec->patience == 0) return false;
  const size_t at = study::TrainVectorOf(*input.study).evaluation_at();
  const study::HeldOut sums{Dequantised(total[at + 1], scale), Dequantised(total[at], scale)};
  return study::EndsWith(spec->patience, input.round, sums, stop);
}

double NextClipOf(const ReleaseInput& input, std::span<const uint32_t> total, double scale) {
  const study::Study& study = *input.study;
  if (!study.privacy.clip_rule) return input.clip;
  const double count = Dequantised(total[study::TrainVectorOf(study).parameters], scale);
  const double share = study::UnclippedShare(study, {count, study::ExpectedGradients(study)});
  return study::NextClip(*study.privacy.clip_rule, input.clip, share);
}

// What is published of the state: the weights, and at the end their average.
void WriteModels(const study::TrainSpec& spec, bool is_last, ReleaseOutput* output,
                 study::Result* result) {
  const aggregation::OptimizerOptions options = OptionsOf(spec);
  output->model = is_last ? study::ModelBytes(aggregation::AveragedModel(options, output->state))
                          : ModelBytesOf(output->state.parameters);
  if (!is_last || spec.averaging == 0) return;
  output->last_iterate = ModelBytesOf(output->state.parameters);
  study::NameLastIterate(spec, crypto::Sha256(output->last_iterate), result);
}

}  // namespace

aggregation::OptimizerOptions OptionsOf(const study::TrainSpec& spec) {
  aggregation::OptimizerOptions options{};
  options.kind = spec.optimizer == study::Optimizer::kAdam ? aggregation::OptimizerKind::kAdam
                                                           : aggregation::OptimizerKind::kSgd;
  options.learning_rate = spec.learning_rate;
  options.momentum = spec.momentum;
  options.beta1 = 0.9;
  options.beta2 = 0.999;
  options.adam_epsilon = 1e-8;
  options.weight_decay = spec.weight_decay;
  options.averaging = spec.averaging;
  switch (spec.schedule) {
    case study::RateSchedule::kConstant:
      options.schedule = aggregation::Schedule::kConstant;
      break;
    case study::RateSchedule::kLinear:
      options.schedule = aggregation::Schedule::kLinear;
      break;
    case study::RateSchedule::kInverseRoot:
      options.schedule = aggregation::Schedule::kInverseRoot;
      break;
  }
  options.warmup_steps = static_cast<uint64_t>(spec.warmup_rounds);
  options.total_steps = static_cast<uint64_t>(spec.rounds);
  options.final_share = spec.final_share;
  return options;
}

absl::StatusOr<ReleaseOutput> ReleaseRound(ReleaseInput input) {
  const study::PrivacySpec& privacy = input.study->privacy;
  const bool trains = input.recipe->needs_model();
  MUTUAL_ASSIGN_OR_RETURN(
      const privacy::Grid grid,
      privacy::MakeGrid({input.recipe->dimension(), input.recipe->member_bound(),
                         privacy.noise_multiplier, input.roster_size,
                         trains ? privacy::Rounding::kPerBatch : privacy::Rounding::kPerMember}));
  MUTUAL_ASSIGN_OR_RETURN(std::vector<uint32_t> total, AddUp(input));
  ReleaseOutput output;
  // The centred representative has the same 32 bits as the ring element.
  output.sum =
      crypto::Sha256(std::span(reinterpret_cast<const uint8_t*>(total.data()), total.size() * 4));
  output.stop = input.stop;
  output.is_last = IsLast(input, total, grid.scale, &output.stop);
  const bool last = output.is_last;
  study::Result result;
  if (!trains || last) {
    study::ReleasedSum released = SumOf(total, grid, input.files.size());
    if (!trains) {
      // A statistic takes the expected share of members; scale back to all of them.
      for (double& value : released.values) value /= privacy.sampling_rate;
      released.noise_stddev /= privacy.sampling_rate;
    }
    MUTUAL_ASSIGN_OR_RETURN(result, input.recipe->Finish(released));
  }
  if (trains) {
    output.state = std::move(input.state);
    MUTUAL_RETURN_IF_ERROR(TakeStep(input, total, grid, &output.state));
    output.next_clip = NextClipOf(input, total, grid.scale);
    std::vector<uint32_t>().swap(total);
    if (last && input.study->privacy.clip_rule) study::NameClip(*input.study, input.clip, &result);
    if (last && input.round < input.study->rounds()) {
      study::NameEarlyEnd(std::get<study::TrainSpec>(input.study->recipe), input.round, &result);
    }
    WriteModels(std::get<study::TrainSpec>(input.study->recipe), last, &output, &result);
  }
  if (!trains || last) output.result_json = study::ToJson(result);
  return output;
}

std::string ModelBytesOf(std::span<const double> parameters) {
  constexpr size_t kBlock = 1 << 16;
  std::string bytes;
  bytes.reserve(parameters.size() * 4);
  std::vector<float> block;
  for (size_t at = 0; at < parameters.size(); at += kBlock) {
    const auto part = parameters.subspan(at, std::min(kBlock, parameters.size() - at));
    block.assign(part.begin(), part.end());
    bytes += study::ModelBytes(block);
  }
  return bytes;
}

absl::StatusOr<PrivacyFigures> FiguresOf(const study::Study& study, int least_counted) {
  const StudyCost cost = study.cost();
  const int honest =
      cost.local_steps > 0 ? 1 : std::max(1, least_counted - study.cohort.assumed_colluders);
  MUTUAL_ASSIGN_OR_RETURN(const privacy::StudyEpsilons epsilons,
                          privacy::EpsilonsOf(cost, honest, study.privacy.delta));
  return PrivacyFigures{epsilons.node, epsilons.released, honest};
}

absl::StatusOr<std::string> PrivacyJson(const study::Study& study, const RunFacts& run) {
  MUTUAL_ASSIGN_OR_RETURN(const PrivacyFigures figures, FiguresOf(study, run.least_counted));
  const StudyCost cost = study.cost();
  MUTUAL_ASSIGN_OR_RETURN(const privacy::StudyEpsilons tighter,
                          privacy::LossEpsilonsOf(cost, figures.honest_nodes, study.privacy.delta));
  nlohmann::ordered_json json = {
      {"unit", "one member of one organisation, added or removed with all rows"},
      {"delta", study.privacy.delta},
      {"rounds", study.rounds()},
      {"rounds_run", run.rounds_run},
      {"noise_multiplier", study.privacy.noise_multiplier},
      {"sampling_rate", study.privacy.sampling_rate},
      {"epsilon_node", figures.epsilon_node},
      {"epsilon_public", figures.epsilon_public},
      {"honest_nodes", figures.honest_nodes},
      {"accountant", "Renyi divergence, Canonne-Kamath-Steinke conversion"},
      {"epsilon_node_pld", tighter.node},
      {"epsilon_public_pld", tighter.released},
      {"accountant_pld", "privacy-loss distributions, rounded up; for a study fixed beforehand"}};
  if (cost.local_steps > 0) {
    json["local_steps"] = cost.local_steps;
    json["assumptions"] = {study::kLocalStepsAssumption};
  }
  return json.dump();
}

}  // namespace mutual::coordinator
