// Who counts as a colluder, and how many signatures make a quorum.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "aggregation/masking/mask_classes.h"

namespace mutual::aggregation::masking {

struct TrustBound {
  Threshold threshold;
  uint32_t operator_nodes = 0;     // nodes run by whoever runs the coordinator
  uint32_t assumed_colluders = 1;  // from the study file
  uint32_t min_nodes = 3;          // fewest organisations whose sum may be unmasked
};

// OK when assumed_colluders ≥ max(1, t − 1 + operator_nodes) and min_nodes ≥ assumed_colluders + 2:
// scrutineers run nodes too, so a coalition of t − 1 of them knows that many inputs, and of the
// others at least two must remain to hide each other. FAILED_PRECONDITION with code COLLUDER_BOUND.
absl::Status CheckTrustBound(const TrustBound& bound);

// Cosignatures of scrutineers that a close checkpoint needs: ⌊(m + t − 1)/2⌋ + 1. Two such sets
// share at least t scrutineers, of whom at most t − 1 lie, so no two closes both reach it.
uint32_t ScrutineerQuorum(const Threshold& threshold);

// Holders that must agree on a class sum: a strict majority of the m − t + 1. Whenever a scrutineer
// quorum answers honestly, every class has that many.
uint32_t HolderMajority(const Threshold& threshold);

}  // namespace mutual::aggregation::masking
