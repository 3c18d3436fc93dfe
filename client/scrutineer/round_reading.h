// From one's own reading of the log to what the masking room works with.
#pragma once

#include "absl/status/statusor.h"
#include "aggregation/masking/key_window.h"
#include "aggregation/masking/round_facts.h"
#include "client/node/round_guard.h"
#include "client/scrutineer/federation_view.h"
#include "study/study_file.h"
#include "transparency/policy.h"

namespace mutual::client {

// The scrutineer's number in the study, or NOT_FOUND.
absl::StatusOr<uint32_t> NumberOf(const study::Study& study, const std::string& organisation);

// The join window of `study`: every scrutineer's key that stands in the log before the first masks
// entry, by a scrutineer who is enrolled. FAILED_PRECONDITION with code KEYS_MISSING while too few
// are there for any class to be agreed on.
absl::StatusOr<aggregation::masking::KeyWindow> WindowOf(const FederationView& view,
                                                         const study::Study& study,
                                                         const std::string& origin);

// The commitments of a masks entry. INVALID_ARGUMENT with code MASKS_MALFORMED unless it has one
// commit for every class, in order, and one digest for every holder present in `window`.
absl::StatusOr<aggregation::masking::MaskCommitments> CommitmentsOf(
    const PublishedMasks& masks, const aggregation::masking::KeyWindow& window,
    const study::Study& study);

// The checkpoint that the scrutineer judges by, and the policy that evaluated it.
struct CosignedTree {
  const transparency::Evaluation* evaluation;
  size_t least_overlap = 0;  // of two quorums, see transparency::Policy
};

// What a scrutineer knows of one round. NOT_FOUND when the log has no start of it;
// FAILED_PRECONDITION with code WITNESS_QUORUM when two quorums of witnesses might share only the
// threshold − 1 scrutineers and the operator's nodes, who may lie.
absl::StatusOr<aggregation::masking::RoundFacts> FactsOf(const FederationView& view,
                                                         const study::Study& study, uint64_t round,
                                                         const CosignedTree& tree);

}  // namespace mutual::client
