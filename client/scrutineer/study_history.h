// What the log says of one study's masks and rounds: entries by index, signatures verified.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "aggregation/masking/key_window.h"
#include "aggregation/masking/round_facts.h"
#include "transparency/entry_value.h"

namespace mutual::client {

// A published key of a scrutineer.
struct PublishedKey {
  uint64_t index = 0;
  std::string node;
  aggregation::masking::PublicKey key{};
};
// A node's masks entry, as written.
struct PublishedMasks {
  uint64_t index = 0;
  std::string node;
  std::vector<transparency::ClassHash> commits;
  std::vector<transparency::SealedHash> sealed;
};
struct PublishedConfirmation {
  uint64_t index = 0;
  std::string scrutineer;
  std::vector<uint64_t> masks;  // indices of masks entries
};
// A dispute about a mask key: a scrutineer's complaint, or a node's reveal. With a round: about a
// class sum.
struct PublishedDispute {
  uint64_t index = 0;
  uint64_t round = 0;
  std::string by, about, code;
  std::vector<uint64_t> entries;  // complaint: the masks entry; reveal: that and the complaint
  uint64_t mask_class = 0;
  std::optional<Digest> ephemeral;  // of a reveal
  std::string ciphertext;
};
struct PublishedTally {
  uint64_t index = 0;
  std::string node;
  uint64_t close = 0;
  std::vector<transparency::ClassHash> sums;
};
// One round: its start, its ends in the order of the log.
struct PublishedRound {
  uint64_t start = 0;  // index
  std::vector<aggregation::masking::RoundEnd> ends;
  std::vector<PublishedTally>
      tallies;           // the first of each scrutineer: more of its count for nothing
  uint64_t release = 0;  // index, 0 before
};

struct StudyHistory {
  std::map<std::string, std::vector<aggregation::masking::InForce>> mandates;  // by node
  std::vector<PublishedKey> keys;
  std::vector<PublishedMasks> masks;
  std::vector<PublishedConfirmation> confirmations;
  std::vector<PublishedDispute> disputes;
  std::map<uint64_t, PublishedRound> rounds;
  std::vector<aggregation::masking::ContributionFacts> contributions;
  std::optional<uint64_t> last_round;  // as proposed
  std::optional<absl::Time> expires;   // as proposed
  bool is_broken_off = false;          // an abandon or an incident that names the study

  // Whether the node made a key of these masks public to answer a dispute: they are void.
  bool IsRevealed(const PublishedMasks& masks) const;
  // Whether `scrutineer` has complained of a key of the masks entry `masks` already.
  bool IsDisputed(uint64_t masks, const std::string& scrutineer) const;
  // The index of round 1's start, or the largest number: the join window ends there.
  uint64_t FirstStart() const;
  bool HasBegun() const;
  // A scrutineer's first key that stands below `before`; nullptr when there is none.
  const PublishedKey* KeyOf(const std::string& scrutineer, uint64_t before) const;
  // Whether no round of the study can follow, by what the log says and the clock: its last round is
  // released, it was broken off, or it has expired.
  bool HasEnded(absl::Time now) const;
};

}  // namespace mutual::client
