#include "aggregation/masking/trust_bound.h"

#include <algorithm>

#include "base/status.h"

namespace mutual::aggregation::masking {

absl::Status CheckTrustBound(const TrustBound& bound) {
  const uint64_t colluders =
      std::max<uint64_t>(1, uint64_t{bound.threshold.threshold} - 1 + bound.operator_nodes);
  if (bound.assumed_colluders < colluders) {
    return WithCode(
        FailedPrecondition("assumed_colluders is %u, want at least %u: threshold %u less one, and "
                           "%u nodes of the coordinator's operator; propose a study with that many",
                           bound.assumed_colluders, colluders, bound.threshold.threshold,
                           bound.operator_nodes),
        "COLLUDER_BOUND");
  }
  if (bound.min_nodes < uint64_t{bound.assumed_colluders} + 2) {
    return WithCode(FailedPrecondition("min_nodes is %u, want at least %u: assumed_colluders and "
                                       "two more; propose a study with that many",
                                       bound.min_nodes, uint64_t{bound.assumed_colluders} + 2),
                    "COLLUDER_BOUND");
  }
  return absl::OkStatus();
}

uint32_t ScrutineerQuorum(const Threshold& threshold) {
  return (threshold.scrutineers + threshold.threshold - 1) / 2 + 1;
}

uint32_t HolderMajority(const Threshold& threshold) {
  return (threshold.scrutineers - threshold.threshold + 1) / 2 + 1;
}

}  // namespace mutual::aggregation::masking
