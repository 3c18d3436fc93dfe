// A node's masks of its own contributions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "aggregation/masking/mask_classes.h"
#include "aggregation/masking/ratchet.h"

namespace mutual::aggregation::masking {

// y[i] = x[i] + Σ_c PRG(k[i,c,r]) modulo 2^32, at most once for each round.
//
// Mask() erases the round's keys in the object, so a second vector cannot be masked with them. The
// caller stores y, its ledger charge and Serialize() in one transaction before anything is sent;
// a crash before that restores the old state and nothing has left. Not thread-safe.
class Masker {
 public:
  // INVALID_ARGUMENT unless there is one ratchet for each class, in order, of one node, study and
  // log, all at the same round.
  static absl::StatusOr<Masker> Create(const MaskClasses& classes, std::vector<Ratchet> ratchets);
  // Inverse of Serialize. DATA_LOSS with code MASK_STATE_CORRUPT.
  static absl::StatusOr<Masker> Parse(const MaskClasses& classes, std::span<const uint8_t> bytes);

  // The earliest round that can still be masked.
  uint64_t round() const { return ratchets_.front().round(); }

  // The masked `values` (noise inside, modulo 2^32), max(16, values.size()) words: short vectors
  // are padded with zeros before masking. FAILED_PRECONDITION with code ROUND_PASSED when `round`
  // was masked or skipped before; OUT_OF_RANGE with code ROUND_TOO_FAR; INVALID_ARGUMENT when
  // `values` is empty or `threads` is not from 1 to 256. After an error the object is unchanged.
  absl::StatusOr<std::vector<uint32_t>> Mask(uint64_t round, std::span<const uint32_t> values,
                                             uint32_t threads);
  // Erases the keys of rounds up to `round`, for a round in which the node takes no part.
  absl::Status Skip(uint64_t round);

  crypto::Secret Serialize() const;

 private:
  explicit Masker(std::vector<Ratchet> ratchets) : ratchets_(std::move(ratchets)) {}
  std::vector<Ratchet> ratchets_;  // [class]
};

}  // namespace mutual::aggregation::masking
