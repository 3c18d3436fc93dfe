// What a scrutineer has read and verified in the log about one round.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "aggregation/masking/mask_classes.h"
#include "base/ids.h"

namespace mutual::aggregation::masking {

// Everything here was parsed from entries between the round's start and a checkpoint whose root the
// scrutineer has recomputed over all of them; signatures are verified. Order is by log index.

// A mandate or enrolment: in force at index i when since < i < until.
struct InForce {
  uint64_t since = 0;                                     // index of the entry that began it
  uint64_t until = std::numeric_limits<uint64_t>::max();  // of the one that ended it
  bool At(uint64_t index) const { return since < index && index < until; }
};

// A `keys-ok` entry.
struct Confirmation {
  uint64_t index = 0;
  uint32_t scrutineer = 0;
  Digest masks;  // of the MaskCommitments that it confirms
};

struct NodeFacts {
  NodeId node;
  std::vector<InForce> enrolled;
  std::vector<InForce> mandated;  // for this study
  Digest masks;                   // of the node's newest `masks` entry before round-start
  std::vector<Confirmation> keys_ok;
  std::vector<uint32_t> excused;  // scrutineers that JudgeDispute found lying about this node
  bool run_by_operator = false;   // by whoever runs the coordinator
};

struct ScrutineerFacts {
  NodeId organisation;
  bool run_by_operator = false;
};

struct ContributionFacts {
  uint64_t index = 0;
  NodeId node;
  uint64_t round = 0;
  uint64_t words = 0;
};

// A `close` or `abandon` entry of the round.
struct RoundEnd {
  enum class Kind { kClose, kAbandon };
  uint64_t index = 0;
  Kind kind = Kind::kClose;
  Digest entry;                         // leaf hash
  std::vector<uint64_t> contributions;  // indices named; empty for abandon
};

struct RoundFacts {
  std::string origin;
  Digest study;
  uint64_t round = 0;
  uint64_t start_index = 0;
  uint64_t words = 0;            // of every contribution, padding included
  uint64_t checkpoint_size = 0;  // entries under the close checkpoint
  Threshold threshold;
  uint32_t assumed_colluders = 1;
  uint32_t min_nodes = 3;
  std::vector<ScrutineerFacts> scrutineers;      // in the order of the study file
  std::vector<RoundEnd> ends;                    // all of the round, by index
  std::vector<ContributionFacts> contributions;  // all of the study after the round's start
  std::vector<NodeFacts> nodes;                  // every node of the study
  uint32_t witness_quorum = 1;
  std::vector<NodeId> witness_cosigners;  // of the close checkpoint, by the log's policy
  std::vector<uint32_t> scrutineer_cosigners;
};

}  // namespace mutual::aggregation::masking
