// The mask keys that a scrutineer holds, of all nodes.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "aggregation/masking/ratchet.h"

namespace mutual::aggregation::masking {

// Ratchets one after the other, each length-prefixed; and back. DATA_LOSS, MASK_STATE_CORRUPT.
crypto::Secret SerializeRatchets(std::span<const Ratchet> ratchets);
absl::StatusOr<std::vector<Ratchet>> ParseRatchets(std::span<const uint8_t> bytes);

// Keys of one study of one log, by node and class. Not thread-safe.
class Keyring {
 public:
  Keyring() = default;
  // Inverse of Serialize. DATA_LOSS with code MASK_STATE_CORRUPT.
  static absl::StatusOr<Keyring> Parse(std::span<const uint8_t> bytes);

  // Takes the ratchets that keys-ok confirmed; a late window joins at the round where the others
  // are. INVALID_ARGUMENT when one is of another study or log than those held; ALREADY_EXISTS when
  // a key of that node and class is held (a key that was confirmed is never replaced).
  absl::Status Add(std::vector<Ratchet> ratchets);
  // The stream keys of `mask_class` at `round` of `nodes`, in their order. NOT_FOUND with code
  // MASK_KEY_MISSING when one is not held; FAILED_PRECONDITION with code ROUND_PASSED.
  absl::StatusOr<std::vector<crypto::Secret>> StreamKeys(uint64_t round, uint32_t mask_class,
                                                         std::span<const NodeId> nodes) const;
  // Erases every key of rounds up to `round`: at release or abandon.
  absl::Status ForgetThrough(uint64_t round);
  // Erases one node's keys, for good: after it left, or for a dispute's redraw before confirming.
  void Drop(const NodeId& node);

  crypto::Secret Serialize() const;
  size_t size() const { return ratchets_.size(); }

 private:
  std::map<std::pair<NodeId, uint32_t>, Ratchet> ratchets_;
};

}  // namespace mutual::aggregation::masking
