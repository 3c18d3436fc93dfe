#include "coordinator/release/sum_release.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include <nlohmann/json.hpp>

#include "aggregation/ring.h"
#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "privacy/accountant.h"
#include "privacy/grid.h"
#include "study/model.h"

namespace mutual::coordinator {
namespace {

constexpr size_t kBlockWords = 1 << 16;

enum class Sign { kAdd, kTakeOff };

// Adds the file's words to `total`, or takes them off. Words behind total's are padding, read by nobody.
absl::Status AddFile(const std::string& path, Sign sign, std::span<uint32_t> total) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> block(kBlockWords * 4);
  for (size_t at = 0; at < total.size(); at += kBlockWords) {
    const size_t words = std::min(kBlockWords, total.size() - at);
    file.read(block.data(), static_cast<std::streamsize>(words * 4));
    if (file.gcount() != static_cast<std::streamsize>(words * 4)) {
      return WithCode(DataLoss("a kept contribution or class sum is shorter than its round's vector; "
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
  sum.noise_stddev = static_cast<double>(grid.noise_stddev) *
                     std::sqrt(static_cast<double>(nodes)) / grid.scale;
  sum.nodes = static_cast<int>(nodes);
  return sum;
}

absl::Status TakeStep(const ReleaseInput& input, std::span<const uint32_t> total, double scale,
                      aggregation::OptimizerState* state) {
  const auto& spec = std::get<study::TrainSpec>(input.study->recipe);
  // A declared public constant, never the realised number: that would leak who took part.
  const double divisor = spec.expected_members * input.study->privacy.sampling_rate *
                         (1 - spec.evaluation_share);
  return aggregation::StepInBlocks(
      OptionsOf(spec),
      [&](size_t first, std::span<double> out) {
        for (size_t i = 0; i < out.size(); ++i) {
          out[i] = Dequantised(total[first + i], scale) / divisor;
        }
      },
      state);
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
  output.sum = crypto::Sha256(
      std::span(reinterpret_cast<const uint8_t*>(total.data()), total.size() * 4));
  const bool last = input.round == input.study->rounds();
  if (!trains || last) {
    study::ReleasedSum released = SumOf(total, grid, input.files.size());
    if (!trains) {
      // A statistic takes the expected share of members; scale back to all of them.
      for (double& value : released.values) value /= privacy.sampling_rate;
      released.noise_stddev /= privacy.sampling_rate;
    }
    MUTUAL_ASSIGN_OR_RETURN(const study::Result result, input.recipe->Finish(released));
    output.result_json = study::ToJson(result);
  }
  if (!trains) return output;
  output.state = std::move(input.state);
  MUTUAL_RETURN_IF_ERROR(TakeStep(input, total, grid.scale, &output.state));
  std::vector<uint32_t>().swap(total);
  if (last) {
    const auto& spec = std::get<study::TrainSpec>(input.study->recipe);
    output.model = study::ModelBytes(aggregation::AveragedModel(OptionsOf(spec), output.state));
  } else {
    output.model = ModelBytesOf(output.state.parameters);
  }
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

absl::StatusOr<std::string> PrivacyJson(const study::Study& study, int least_counted) {
  privacy::Phase phase{study.privacy.noise_multiplier, study.privacy.sampling_rate, study.rounds()};
  MUTUAL_ASSIGN_OR_RETURN(const privacy::Epsilon node,
                          privacy::EpsilonOf(std::span(&phase, 1), study.privacy.delta));
  const int honest = std::max(1, least_counted - study.cohort.assumed_colluders);
  phase.noise_multiplier = privacy::PublicNoiseMultiplier(phase.noise_multiplier, honest);
  MUTUAL_ASSIGN_OR_RETURN(const privacy::Epsilon released,
                          privacy::EpsilonOf(std::span(&phase, 1), study.privacy.delta));
  const nlohmann::ordered_json json = {
      {"unit", "one member of one organisation, added or removed with all rows"},
      {"delta", study.privacy.delta},
      {"rounds", study.rounds()},
      {"noise_multiplier", study.privacy.noise_multiplier},
      {"sampling_rate", study.privacy.sampling_rate},
      {"epsilon_node", node.epsilon},
      {"epsilon_public", released.epsilon},
      {"honest_nodes", honest},
      {"accountant", "Renyi divergence, Canonne-Kamath-Steinke conversion"}};
  return json.dump();
}

}  // namespace mutual::coordinator
