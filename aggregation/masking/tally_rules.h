// The rules by which a scrutineer answers or refuses.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "aggregation/masking/round_facts.h"

namespace mutual::aggregation::masking {

// A close that passed every rule.
struct CountedRound {
  RoundEnd close;
  std::vector<NodeId> nodes;  // whose masks are summed, ascending
};

// The close or abandon of lowest index: the only one that counts. FAILED_PRECONDITION with code
// ROUND_NOT_CLOSED when there is none; INVALID_ARGUMENT with code FACTS_MALFORMED when the ends are
// not in strict index order between round-start and the checkpoint's size.
absl::StatusOr<RoundEnd> FirstEnd(const RoundFacts& facts);

// Pure. All or nothing: one bad contribution refuses the round, it is never left out. `close_index`
// is the close that the coordinator asks about. Each rule has its own code:
//
//   THRESHOLD_INVALID  FACTS_MALFORMED  ROUND_NOT_CLOSED
//   EQUIVOCATION                another close or abandon of the round came first
//   ROUND_ABANDONED             the first end is an abandon
//   COLLUDER_BOUND              assumed_colluders or min_nodes is too small (CheckTrustBound)
//   OPERATOR_IS_SCRUTINEER      the coordinator's operator holds masks
//   SCRUTINEER_DUPLICATE        one organisation is two scrutineers
//   QUORUM_MISSING              too few witnesses cosigned the close checkpoint
//   SCRUTINEER_QUORUM_MISSING   too few scrutineers did (ScrutineerQuorum)
//   CONTRIBUTION_UNKNOWN        not in the log for this round between round-start and close
//   CONTRIBUTION_DUPLICATE      an entry or a node is named twice
//   CONTRIBUTION_LENGTH         another number of words than the round's
//   NODE_NOT_ENROLLED  NO_MANDATE   at the index of its contribution
//   KEYS_NOT_CONFIRMED          a keys-ok of its masks is missing at round-start
//   TOO_FEW_CONTRIBUTIONS       fewer organisations than min_nodes
//
// FAILED_PRECONDITION, or INVALID_ARGUMENT for the first two.
absl::StatusOr<CountedRound> CheckClose(const RoundFacts& facts, uint64_t close_index);

}  // namespace mutual::aggregation::masking
