// Ed25519 signatures (RFC 8032).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/random.h"
#include "crypto/secret.h"

namespace mutual::crypto {

class VerifyKey {
 public:
  // INVALID_ARGUMENT unless 32 bytes that decode canonically to a point that is not of
  // small order (OpenSSL 3.0 accepts those; a small-order key verifies forged messages).
  static absl::StatusOr<VerifyKey> FromBytes(std::span<const uint8_t> bytes);
  const std::array<uint8_t, 32>& bytes() const { return bytes_; }
  // OK, or UNAUTHENTICATED. A signature whose s is not reduced is refused.
  absl::Status Verify(std::string_view message, std::span<const uint8_t> signature) const;
  bool operator==(const VerifyKey&) const = default;

 private:
  explicit VerifyKey(const std::array<uint8_t, 32>& bytes) : bytes_(bytes) {}
  std::array<uint8_t, 32> bytes_;
};

class SigningKey {
 public:
  static SigningKey Generate(RandomSource& random);
  static absl::StatusOr<SigningKey> FromSeed(std::span<const uint8_t> seed);  // 32 bytes
  const Secret& seed() const { return seed_; }
  const VerifyKey& verify_key() const { return verify_key_; }
  std::string Sign(std::string_view message) const;  // 64 bytes

 private:
  SigningKey(Secret seed, VerifyKey verify_key)
      : seed_(std::move(seed)), verify_key_(verify_key) {}
  Secret seed_;
  VerifyKey verify_key_;
};

}  // namespace mutual::crypto
