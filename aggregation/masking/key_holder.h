// A scrutineer's side of a join window.
#pragma once

#include <span>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "aggregation/masking/key_window.h"
#include "aggregation/masking/ratchet.h"
#include "crypto/key_agreement.h"

namespace mutual::aggregation::masking {

// All keys of one node that one scrutineer holds, checked.
struct AcceptedKeys {
  KeysOk keys_ok;
  std::vector<Ratchet> ratchets;  // one for each class held, ascending
};

// Opens what nodes send. Destroy it when the window ends: with its private key gone, recorded
// wrappings stay closed for ever. Not thread-safe.
class KeyHolder {
 public:
  // INVALID_ARGUMENT unless `private_key` belongs to scrutineer number `scrutineer` of `window`.
  static absl::StatusOr<KeyHolder> Create(const KeyWindow& window, uint32_t scrutineer,
                                          crypto::AgreementKey private_key);

  // Checks the wrappings of one node, in any order; those of other holders are ignored. The first
  // class whose committed wrapping does not open or does not match its commit becomes a dispute.
  // NOT_FOUND with code MASK_KEY_MISSING when a wrapping with the committed digest is not among
  // `wrapped` (lost or altered on the way): ask for it again, and dispute it when the window ends.
  // INVALID_ARGUMENT when the commitments have the wrong shape.
  absl::StatusOr<std::variant<AcceptedKeys, KeyDispute>> Receive(
      const MaskCommitments& commitments, std::span<const WrappedKey> wrapped) const;

 private:
  KeyHolder(const KeyWindow& window, uint32_t scrutineer, crypto::AgreementKey private_key)
      : window_(window), scrutineer_(scrutineer), private_key_(std::move(private_key)) {}
  KeyWindow window_;
  uint32_t scrutineer_;
  crypto::AgreementKey private_key_;
};

}  // namespace mutual::aggregation::masking
