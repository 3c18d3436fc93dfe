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

// Where the time of scrutineers' keys ends: the index of the first masks entry that wraps a key for
// every scrutineer whose key stands before it and for nobody else, the largest number when there is
// none. A malformed masks entry ends nothing ⚔, or one node could shut scrutineers out.
uint64_t EndOfKeyTime(const FederationView& view, const study::Study& study);

// The join window of `study`: every scrutineer's first key that stands in the log before
// EndOfKeyTime, by a scrutineer who is enrolled. FAILED_PRECONDITION with code KEYS_MISSING while
// too few are there for any class to be agreed on.
absl::StatusOr<aggregation::masking::KeyWindow> WindowOf(const FederationView& view,
                                                         const study::Study& study);

// The commitments of a masks entry. INVALID_ARGUMENT with code MASKS_MALFORMED unless it has one
// commit for every class, in order, and one digest for every holder present in `window`.
absl::StatusOr<aggregation::masking::MaskCommitments> CommitmentsOf(
    const PublishedMasks& masks, const aggregation::masking::KeyWindow& window,
    const study::Study& study);

// The newest masks entry of `node` below `before` whose commitments are well formed; nullptr when
// there is none.
const PublishedMasks* MasksInForce(const StudyHistory& history,
                                   const aggregation::masking::KeyWindow& window,
                                   const study::Study& study, const std::string& node,
                                   uint64_t before);

// The checkpoint that the scrutineer judges by, and the policy that evaluated it.
struct CosignedTree {
  const transparency::Evaluation* evaluation;
  const transparency::Policy* policy;
};
// Of the witnesses that cosigned `tree`, those that count: an organisation only while it is
// enrolled and by the witness key that its enrolment names ⚔; witnesses outside the federation as
// the policy names them. And whether they are a quorum.
struct CountedCosigners {
  std::vector<std::string> names;
  bool has_quorum = false;
};
CountedCosigners CountCosigners(const FederationView& view, const CosignedTree& tree);

// What a scrutineer knows of one round. NOT_FOUND when the log has no start of it;
// FAILED_PRECONDITION with code WITNESS_QUORUM when two quorums of witnesses might share only the
// threshold − 1 scrutineers and the operator's nodes, who may lie.
absl::StatusOr<aggregation::masking::RoundFacts> FactsOf(const FederationView& view,
                                                         const study::Study& study, uint64_t round,
                                                         const CosignedTree& tree);

}  // namespace mutual::client
