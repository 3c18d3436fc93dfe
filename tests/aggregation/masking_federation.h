// A masked federation in memory: nodes with maskers, scrutineers with keyrings, good facts.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "aggregation/masking/masker.h"
#include "aggregation/masking/scrutineer.h"
#include "aggregation/masking/trust_bound.h"
#include "aggregation/masking/unmasking.h"
#include "aggregation/ring.h"
#include "crypto/digest.h"
#include "tests/support/seeded_random.h"

namespace mutual::aggregation::masking::testing {

inline NodeId Node(const std::string& name) { return NodeId::Parse(name).value(); }
inline MaskClasses ClassesFor(const Threshold& threshold) {
  return MaskClasses::Create(threshold).value();
}

// Records that survive the scrutineer, as a disk would.
class MemoryRecords final : public RoundRecordStore {
 public:
  absl::StatusOr<RoundRecord> RecordOnce(const RoundRecord& record) override {
    if (!failure.ok()) return failure;
    return records.emplace(std::make_pair(record.study, record.round), record).first->second;
  }
  std::map<std::pair<Digest, uint64_t>, RoundRecord> records;
  absl::Status failure;
};

// n nodes named "n-0", … whose keys every holder has confirmed. Keys are handed over directly;
// wrapping has tests of its own.
struct Federation {
  Federation(const Threshold& threshold_, size_t count, uint64_t seed)
      : threshold(threshold_), classes(ClassesFor(threshold_)), study(crypto::Sha256("a study")) {
    mutual::testing::SeededRandom random(seed);
    keyrings.resize(threshold.scrutineers);
    for (size_t i = 0; i < count; ++i) {
      nodes.push_back(Node("n-" + std::to_string(i)));
      std::vector<crypto::Secret>& mine = keys.emplace_back();
      for (uint32_t c = 0; c < classes.size(); ++c) {
        mine.push_back(crypto::Secret::OfSize(32));
        random.Fill(mine.back().mutable_bytes());
      }
      maskers.push_back(Masker::Create(classes, RatchetsOf(i, AllClasses())).value());
      for (uint32_t j = 0; j < threshold.scrutineers; ++j) {
        (void)keyrings[j].Add(RatchetsOf(i, classes.ClassesOf(j)));
      }
    }
  }

  std::vector<uint32_t> AllClasses() const {
    std::vector<uint32_t> all(classes.size());
    for (uint32_t c = 0; c < classes.size(); ++c) all[c] = c;
    return all;
  }
  std::vector<Ratchet> RatchetsOf(size_t node, const std::vector<uint32_t>& of) const {
    std::vector<Ratchet> ratchets;
    for (uint32_t c : of) {
      ratchets.push_back(
          Ratchet::Create(keys[node][c].bytes(), {origin, study, nodes[node], c}).value());
    }
    return ratchets;
  }
  Scrutineer MakeScrutineer(uint32_t j, RoundRecordStore* records) const {
    Keyring copy = Keyring::Parse(keyrings[j].Serialize().bytes()).value();
    return Scrutineer::Create({origin, study, threshold, j}, std::move(copy), records).value();
  }

  Threshold threshold;
  MaskClasses classes;
  std::string origin = "fed.example/audit";
  Digest study;
  std::vector<NodeId> nodes;
  std::vector<std::vector<crypto::Secret>> keys;  // [node][class]
  std::vector<Masker> maskers;
  std::vector<Keyring> keyrings;  // [scrutineer]
};

inline RoundEnd CloseAt(uint64_t index, std::vector<uint64_t> contributions) {
  return {index, RoundEnd::Kind::kClose, crypto::Sha256("close " + std::to_string(index)),
          std::move(contributions)};
}
inline RoundEnd AbandonAt(uint64_t index) {
  return {index, RoundEnd::Kind::kAbandon, crypto::Sha256("abandon " + std::to_string(index)), {}};
}

// Facts in which nothing is wrong: start at 1000, contribution i at 1001 + i, one close at 2000
// that counts all nodes.
inline RoundFacts GoodFacts(const Federation& federation, uint64_t round, uint64_t words) {
  RoundFacts facts;
  facts.origin = federation.origin;
  facts.study = federation.study;
  facts.round = round;
  facts.start_index = 1000;
  facts.words = words;
  facts.checkpoint_size = 2001;
  facts.threshold = federation.threshold;
  facts.assumed_colluders = federation.threshold.threshold - 1;
  facts.min_nodes = facts.assumed_colluders + 2;
  for (uint32_t j = 0; j < federation.threshold.scrutineers; ++j) {
    facts.scrutineers.push_back({Node("s-" + std::to_string(j)), false});
    facts.scrutineer_cosigners.push_back(j);
  }
  RoundEnd close = CloseAt(2000, {});
  for (size_t i = 0; i < federation.nodes.size(); ++i) {
    const NodeId& node = federation.nodes[i];
    NodeFacts one{node, {InForce{10 + i}}, {InForce{100 + i}}, crypto::Sha256(node.name()), {}, {},
                  false};
    for (uint32_t j = 0; j < federation.threshold.scrutineers; ++j) {
      one.keys_ok.push_back({500 + 10 * i + j, j, one.masks});
    }
    facts.nodes.push_back(one);
    facts.contributions.push_back({1001 + i, node, round, words});
    close.contributions.push_back(1001 + i);
  }
  facts.ends.push_back(close);
  facts.witness_quorum = 3;
  facts.witness_cosigners = {Node("w-0"), Node("w-1"), Node("w-2")};
  return facts;
}

inline UnmaskedRound RoundOf(const RoundFacts& facts, size_t values) {
  return {facts.threshold,     facts.study,         facts.round,
          facts.ends[0].index, facts.ends[0].entry, values};
}

// Every node masks values(i) and the masked vectors are added.
template <typename Values>
std::vector<uint32_t> MaskedSum(Federation* federation, uint64_t round, const Values& values) {
  std::vector<uint32_t> total;
  for (size_t i = 0; i < federation->nodes.size(); ++i) {
    const auto masked = federation->maskers[i].Mask(round, values(i), 1).value();
    if (total.empty()) total.resize(masked.size(), 0);
    AddToRing(masked, total);
  }
  return total;
}

}  // namespace mutual::aggregation::masking::testing
