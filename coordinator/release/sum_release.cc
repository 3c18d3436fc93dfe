#include "coordinator/release/sum_release.h"

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

absl::Status AddFile(const std::string& path, std::span<uint32_t> total) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> block(kBlockWords * 4);
  for (size_t at = 0; at < total.size(); at += kBlockWords) {
    const size_t words = std::min(kBlockWords, total.size() - at);
    file.read(block.data(), static_cast<std::streamsize>(words * 4));
    if (file.gcount() != static_cast<std::streamsize>(words * 4)) {
      return WithCode(DataLoss("a kept contribution is shorter than its round's vector; restore the "
                               "content folder"),
                      "CONTENT_CORRUPT");
    }
    aggregation::AddBytesToRing(AsBytes(std::string_view(block.data(), words * 4)),
                                total.subspan(at, words));
  }
  return absl::OkStatus();
}

struct Sum {
  Digest digest;
  std::vector<double> values;
};

absl::StatusOr<Sum> AddUp(const ReleaseInput& input, double scale) {
  std::vector<uint32_t> total(input.recipe->dimension(), 0);
  for (const std::string& path : input.files) MUTUAL_RETURN_IF_ERROR(AddFile(path, total));
  Sum sum;
  // The centred representative has the same 32 bits as the ring element.
  sum.digest = crypto::Sha256(
      std::span(reinterpret_cast<const uint8_t*>(total.data()), total.size() * 4));
  sum.values = aggregation::Dequantise(aggregation::Centre(total), scale);
  return sum;
}

absl::Status TakeStep(const ReleaseInput& input, const study::ReleasedSum& sum,
                      ReleaseOutput* output) {
  const auto& spec = std::get<study::TrainSpec>(input.study->recipe);
  const uint64_t parameters = study::TrainVectorOf(*input.study).parameters;
  // A declared public constant, never the realised number: that would leak who took part.
  const double divisor = spec.expected_members * input.study->privacy.sampling_rate *
                         (1 - spec.evaluation_share);
  std::vector<double> gradient(sum.values.begin(),
                               sum.values.begin() + static_cast<long>(parameters));
  for (double& value : gradient) value /= divisor;
  output->state = input.state;
  const aggregation::OptimizerOptions options = OptionsOf(spec);
  MUTUAL_RETURN_IF_ERROR(aggregation::Step(options, gradient, &output->state));
  const bool last = input.round == input.study->rounds();
  const std::vector<double> published =
      last ? aggregation::Averaged(options, output->state) : output->state.parameters;
  std::vector<float> model(published.begin(), published.end());
  output->model = study::ModelBytes(model);
  if (last) {
    MUTUAL_ASSIGN_OR_RETURN(const study::Result result, input.recipe->Finish(sum));
    output->result_json = study::ToJson(result);
  }
  return absl::OkStatus();
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

absl::StatusOr<ReleaseOutput> ReleaseRound(const ReleaseInput& input) {
  const study::PrivacySpec& privacy = input.study->privacy;
  MUTUAL_ASSIGN_OR_RETURN(
      const privacy::Grid grid,
      privacy::MakeGrid({input.recipe->dimension(), input.recipe->member_bound(),
                         privacy.noise_multiplier, input.roster_size,
                         input.recipe->needs_model() ? privacy::Rounding::kPerBatch
                                                     : privacy::Rounding::kPerMember}));
  MUTUAL_ASSIGN_OR_RETURN(Sum sum, AddUp(input, grid.scale));
  const auto nodes = static_cast<double>(input.files.size());
  study::ReleasedSum released{std::move(sum.values),
                              static_cast<double>(grid.noise_stddev) * std::sqrt(nodes) / grid.scale,
                              static_cast<int>(input.files.size())};
  ReleaseOutput output;
  output.sum = sum.digest;
  if (input.recipe->needs_model()) {
    MUTUAL_RETURN_IF_ERROR(TakeStep(input, released, &output));
  } else {
    // A statistic takes the expected share of members; scale back to all of them.
    for (double& value : released.values) value /= privacy.sampling_rate;
    released.noise_stddev /= privacy.sampling_rate;
    MUTUAL_ASSIGN_OR_RETURN(const study::Result result, input.recipe->Finish(released));
    output.result_json = study::ToJson(result);
  }
  return output;
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
