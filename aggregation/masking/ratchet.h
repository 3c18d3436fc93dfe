// One mask key that only moves forward.
#pragma once

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "aggregation/masking/mask_ids.h"
#include "crypto/secret.h"

namespace mutual::aggregation::masking {

// The key k_r of one class of one node, from k_0 = the secret that was wrapped to the holders:
//
//   stream key of round r = HKDF(k_r, "mutual/mask-round" ‖ ids ‖ r)
//   k_{r+1}               = HKDF(k_r, "mutual/mask-ratchet" ‖ ids)
//
// One step for every round number, taken part in or not. Nothing but k_r is kept, so whoever steals
// the object, or its bytes, after ForgetThrough(r) learns nothing of rounds up to r. Not
// thread-safe.
class Ratchet {
 public:
  // Rounds that StreamKey looks ahead at most, so that a made-up round number cannot stall a node.
  static constexpr uint64_t kMaxAhead = 1 << 20;

  // INVALID_ARGUMENT unless `key` has 32 bytes.
  static absl::StatusOr<Ratchet> Create(std::span<const uint8_t> key, const MaskIds& ids);
  // Inverse of Serialize. DATA_LOSS with code MASK_STATE_CORRUPT.
  static absl::StatusOr<Ratchet> Parse(std::span<const uint8_t> bytes);

  const MaskIds& ids() const { return ids_; }
  uint64_t round() const { return round_; }  // the r of k_r: the earliest round that it can serve

  // 32 bytes for `round` ≥ round(); the object does not move. FAILED_PRECONDITION with code
  // ROUND_PASSED for an earlier round, OUT_OF_RANGE with code ROUND_TOO_FAR beyond kMaxAhead.
  absl::StatusOr<crypto::Secret> StreamKey(uint64_t round) const;
  // Erases every key up to and with that of `round`. A round already forgotten changes nothing.
  // OUT_OF_RANGE with code ROUND_TOO_FAR beyond kMaxAhead.
  absl::Status ForgetThrough(uint64_t round);

  // ids, r and k_r (docs/MASKING.md, "Saved state").
  crypto::Secret Serialize() const;
  // HKDF(k, "mutual/mask-commit" ‖ ids) of a key at round 0. 32 bytes, public.
  static absl::StatusOr<Digest> Commit(std::span<const uint8_t> key, const MaskIds& ids);

 private:
  Ratchet(crypto::Secret key, const MaskIds& ids, uint64_t round)
      : key_(std::move(key)), ids_(ids), round_(round) {}
  // k_round for a round in [round_, round_ + kMaxAhead].
  absl::StatusOr<crypto::Secret> KeyAt(uint64_t round) const;
  crypto::Secret key_;
  MaskIds ids_;
  uint64_t round_;
};

}  // namespace mutual::aggregation::masking
