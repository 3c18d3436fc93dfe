// X25519 (RFC 7748).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "crypto/random.h"
#include "crypto/secret.h"

namespace mutual::crypto {

class AgreementKey {
 public:
  static AgreementKey Generate(RandomSource& random);
  static absl::StatusOr<AgreementKey> FromBytes(std::span<const uint8_t> private_key);  // 32 bytes
  const std::array<uint8_t, 32>& public_key() const { return public_key_; }
  const Secret& private_key() const { return private_key_; }
  // The shared 32 bytes. INVALID_ARGUMENT when the peer's key has not 32 bytes or the
  // result is all zero (RFC 7748 §6.1): such a key was chosen to force a known secret.
  absl::StatusOr<Secret> Agree(std::span<const uint8_t> peer_public_key) const;

 private:
  AgreementKey(Secret private_key, const std::array<uint8_t, 32>& public_key)
      : private_key_(std::move(private_key)), public_key_(public_key) {}
  Secret private_key_;
  std::array<uint8_t, 32> public_key_;
};

}  // namespace mutual::crypto
