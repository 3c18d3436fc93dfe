// From admitted round and rows to the vector that leaves: sample, sum on the grid, clamp, noise.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/data/slot_table.h"
#include "client/learning/trainer.h"
#include "client/node/round_guard.h"
#include "crypto/random.h"
#include "privacy/noise.h"

namespace mutual::client {

enum class HeldOut { kEvaluated, kLeftOut };

struct ContributionInput {
  const AdmittedRound* round;
  const SlotTable* slots;
  std::span<const float> model;            // empty for statistics
  Trainer* trainer;                        // null for statistics
  HeldOut held_out = HeldOut::kEvaluated;  // training: what becomes of the evaluation part
};

// The node's sum before noise: int64 grid units, clamped to ±A. Exposed for tests.
absl::StatusOr<std::vector<int64_t>> GridSum(const ContributionInput& input,
                                             crypto::RandomSource& random);

// The noised vector in the ring, vector_length words: what a masker takes, never what leaves. With
// local steps that of client/node/local_steps.h.
absl::StatusOr<std::vector<uint32_t>> MakeContribution(const ContributionInput& input,
                                                       crypto::RandomSource& random,
                                                       privacy::NoiseSource& noise);

// Whether `slot` is held out for evaluation: a fixed keyed hash of the slot, share in [0, 1).
bool IsHeldOut(const Digest& study, uint64_t slot, double share);

}  // namespace mutual::client
