// AES-256-GCM (NIST SP 800-38D) with 12-byte nonces and 16-byte tags.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/secret.h"

namespace mutual::crypto {

// Ciphertext followed by the tag. A nonce must never be used twice with one key.
// INVALID_ARGUMENT unless `key` has 32 bytes and `nonce` 12.
absl::StatusOr<std::string> Seal(std::span<const uint8_t> key, std::span<const uint8_t> nonce,
                                 std::span<const uint8_t> plaintext,
                                 std::string_view associated_data);
// The plaintext; DATA_LOSS when the tag does not match.
absl::StatusOr<Secret> Open(std::span<const uint8_t> key, std::span<const uint8_t> nonce,
                            std::span<const uint8_t> ciphertext,
                            std::string_view associated_data);

}  // namespace mutual::crypto
