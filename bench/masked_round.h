// One round of our masks in one process, next to bench/pairwise_round.h: key window, masks, class
// sums with their digests, unmasking. Without log and transport, as the other.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "aggregation/masking/mask_classes.h"

namespace mutual::bench {

struct MaskedShape {
  uint32_t nodes = 0;
  uint32_t dropped = 0;  // before masking: the last ones
  size_t values = 0;
  aggregation::masking::Threshold threshold{4, 2};
  uint32_t most_maskers = 0;  // as of PairwiseShape
};

// Seconds of one core.
struct MaskedCost {
  double share = 0;        // of one node: keys drawn and wrapped, in a study's join window, once
  double mask = 0;         // of one node
  double scrutineer = 0;   // of one: every class it holds, summed and hashed
  double coordinator = 0;  // contributions added, class sums checked and taken off
  bool is_exact = false;   // the sum is that of the survivors
};

absl::StatusOr<MaskedCost> RunMaskedRound(const MaskedShape& shape);

}  // namespace mutual::bench
