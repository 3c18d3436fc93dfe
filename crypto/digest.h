// SHA-256 (FIPS 180-4), HMAC-SHA256 (RFC 2104) and HKDF-SHA256 (RFC 5869).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/ids.h"
#include "crypto/secret.h"

namespace mutual::crypto {

Digest Sha256(std::string_view bytes);
Digest Sha256(std::span<const uint8_t> bytes);

// Incremental SHA-256. Not thread-safe. After Finish() it starts anew.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  void Update(std::span<const uint8_t> bytes);
  void Update(std::string_view bytes);
  Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest HmacSha256(std::span<const uint8_t> key, std::span<const uint8_t> message);

// `size` bytes of output keying material. INVALID_ARGUMENT when size > 255*32.
absl::StatusOr<Secret> HkdfSha256(std::span<const uint8_t> key, std::span<const uint8_t> salt,
                                  std::string_view info, size_t size);

}  // namespace mutual::crypto
