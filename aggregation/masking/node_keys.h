// A node's mask keys during a join window.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "aggregation/masking/dispute.h"
#include "aggregation/masking/key_window.h"
#include "aggregation/masking/ratchet.h"
#include "crypto/random.h"

namespace mutual::aggregation::masking {

// Draws one key a class and wraps it to every holder with a single-use ephemeral key. The ephemeral
// keys are kept for disputes; destroy the object when every keys-ok is in. Not thread-safe.
class NodeKeys {
 public:
  // INVALID_ARGUMENT when `window` is not complete or a scrutineer's key is not honest.
  static absl::StatusOr<NodeKeys> Draw(const NodeId& node, const KeyWindow& window,
                                       crypto::RandomSource& random);

  const MaskCommitments& commitments() const { return commitments_; }
  // By class, then holder; an empty ciphertext for a holder that is not present.
  const std::vector<WrappedKey>& wrapped() const { return wrapped_; }

  // The evidence that settles a dispute: this wrapping and its ephemeral private key, no other. It
  // gives away the class's key, so the class gets a new key at once and the ratchets of the old one
  // are useless; publish the new commitments. INVALID_ARGUMENT when the dispute is about another
  // node, other commitments or a class that the scrutineer does not hold.
  absl::StatusOr<KeyReveal> Reveal(const KeyDispute& dispute, crypto::RandomSource& random);

  // The ratchets of all classes at round 0.
  absl::StatusOr<std::vector<Ratchet>> Ratchets() const;

 private:
  NodeKeys(const NodeId& node, const KeyWindow& window)
      : window_(window), commitments_{node, {}, {}} {}
  absl::Status DrawClass(uint32_t mask_class, crypto::RandomSource& random);
  size_t PositionOf(uint32_t mask_class, uint32_t holder) const;

  KeyWindow window_;
  MaskCommitments commitments_;
  std::vector<crypto::Secret> keys_;  // [class]
  std::vector<WrappedKey> wrapped_;
  std::vector<crypto::AgreementKey> ephemerals_;  // as wrapped_
};

}  // namespace mutual::aggregation::masking
