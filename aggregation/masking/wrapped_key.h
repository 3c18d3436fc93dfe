// A mask key on its way to one holder.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "aggregation/masking/mask_ids.h"
#include "crypto/key_agreement.h"
#include "crypto/secret.h"

namespace mutual::aggregation::masking {

using PublicKey = std::array<uint8_t, 32>;  // X25519

// What a node sends to `holder` for its class: single-use ephemeral-static X25519 (RFC 7748),
// HKDF-SHA256, AES-256-GCM with a zero nonce, which is safe because the key seals one message.
struct WrappedKey {
  uint32_t mask_class = 0;
  uint32_t holder = 0;  // scrutineer number
  PublicKey ephemeral{};
  std::string ciphertext;  // 32 bytes of key and the 16-byte tag

  // SHA-256 over label, class, holder, ephemeral key and ciphertext, each length-prefixed. The
  // ephemeral key is under the digest because AES-GCM does not commit to its key: otherwise a node
  // could make one ciphertext that opens differently under two ephemeral keys, deliver one and
  // reveal the other, and have an honest scrutineer judged a liar.
  Digest ToDigest() const;
  bool operator==(const WrappedKey&) const = default;
};

// Everything that a wrapping is bound to.
struct WrapBinding {
  MaskIds ids;
  uint32_t holder = 0;
  PublicKey holder_key{};  // the scrutineer's key of this join window
};

// Wraps 32 bytes of `key`. INVALID_ARGUMENT for another size, or when the holder's public key
// gives an all-zero secret.
absl::StatusOr<WrappedKey> Wrap(std::span<const uint8_t> key, const crypto::AgreementKey& ephemeral,
                                const WrapBinding& binding);

// The 32 bytes again, with the holder's private key: as the holder does.
// DATA_LOSS with code MASK_KEY_MISMATCH when `wrapped` does not open under `binding`.
absl::StatusOr<crypto::Secret> Unwrap(const WrappedKey& wrapped, const WrapBinding& binding,
                                      const crypto::AgreementKey& holder_key);

// The same with the revealed ephemeral key: as anyone does after a dispute.
absl::StatusOr<crypto::Secret> UnwrapRevealed(const WrappedKey& wrapped, const WrapBinding& binding,
                                              const crypto::AgreementKey& ephemeral);

}  // namespace mutual::aggregation::masking
