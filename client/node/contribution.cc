#include "client/node/contribution.h"

#include <algorithm>
#include <cmath>

#include "aggregation/ring.h"
#include "base/encoding.h"
#include "base/status.h"
#include "client/node/local_steps.h"
#include "crypto/digest.h"
#include "privacy/sampling.h"

namespace mutual::client {
namespace {

bool HasLocalSteps(const study::Study& study) {
  const auto* const spec = std::get_if<study::TrainSpec>(&study.recipe);
  return spec != nullptr && spec->local.has_value();
}

absl::StatusOr<std::vector<int64_t>> StatisticSum(const ContributionInput& input,
                                                  const std::vector<bool>& sampled) {
  const study::Recipe& recipe = *input.round->recipe;
  std::vector<int64_t> sum(recipe.dimension(), 0);
  std::vector<double> vector(recipe.dimension(), 0.0);
  for (size_t slot = 0; slot < input.slots->slot_count(); ++slot) {
    if (!sampled[slot]) continue;
    MUTUAL_RETURN_IF_ERROR(recipe.MemberVector(input.slots->slot(slot), vector));
    for (size_t i = 0; i < sum.size(); ++i) {
      sum[i] += std::llrint(input.round->grid.scale * vector[i]);
    }
  }
  return sum;
}

absl::StatusOr<std::vector<int64_t>> TrainingSum(const ContributionInput& input,
                                                 std::vector<bool> sampled) {
  const study::Study& study = input.round->study;
  const double share = std::get<study::TrainSpec>(study.recipe).evaluation_share;
  std::vector<study::MemberRows> slots;
  std::vector<bool> held_out;
  for (size_t slot = 0; slot < input.slots->slot_count(); ++slot) {
    slots.push_back(input.slots->slot(slot));
    held_out.push_back(IsHeldOut(study.digest, slot, share));
    if (held_out.back() && input.held_out == HeldOut::kLeftOut) sampled[slot] = false;
  }
  TrainRound round{&study,
                   input.model,
                   slots,
                   std::move(sampled),
                   std::move(held_out),
                   input.round->grid.scale,
                   input.round->clip};
  std::vector<int64_t> sum(input.round->recipe->dimension(), 0);
  MUTUAL_RETURN_IF_ERROR(input.trainer->AddClippedSum(round, sum));
  return sum;
}

}  // namespace

bool IsHeldOut(const Digest& study, uint64_t slot, double share) {
  if (share <= 0) return false;
  std::string message;
  PutUint64BigEndian(slot, &message);
  const Digest hash = crypto::HmacSha256(study.bytes, AsBytes(message));
  const uint64_t value =
      GetUint64BigEndian(std::span<const uint8_t, 8>(hash.bytes.data(), 8)) >> 11;
  return static_cast<double>(value) < share * 0x1p53;
}

absl::StatusOr<std::vector<int64_t>> GridSum(const ContributionInput& input,
                                             crypto::RandomSource& random) {
  MUTUAL_ASSIGN_OR_RETURN(
      const std::vector<bool> sampled,
      privacy::SampleSlots(input.slots->slot_count(), input.round->terms.sampling_rate, random));
  MUTUAL_ASSIGN_OR_RETURN(std::vector<int64_t> sum, input.round->recipe->needs_model()
                                                        ? TrainingSum(input, sampled)
                                                        : StatisticSum(input, sampled));
  const int64_t limit = input.round->grid.clamp;
  for (int64_t& value : sum) value = std::clamp(value, -limit, limit);
  return sum;
}

absl::StatusOr<std::vector<uint32_t>> MakeContribution(const ContributionInput& input,
                                                       crypto::RandomSource& random,
                                                       privacy::NoiseSource& noise) {
  if (HasLocalSteps(input.round->study)) {
    MUTUAL_ASSIGN_OR_RETURN(const std::vector<int64_t> sum, LocalSum(input, random, noise));
    return aggregation::ToRing(sum);
  }
  MUTUAL_ASSIGN_OR_RETURN(std::vector<int64_t> sum, GridSum(input, random));
  noise.AddNoise(input.round->grid.noise_stddev, sum);
  return aggregation::ToRing(sum);
}

}  // namespace mutual::client
