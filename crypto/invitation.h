// An invitation's text: everything a newcomer needs to find and recognise the federation.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/ids.h"

namespace mutual::crypto {

// "mutual1-" and base64 (with - and _ for + and /, no padding) of the length-prefixed fields and
// the first 4 bytes of their SHA-256, so that a mistyped code is noticed.
struct Invitation {
  std::string address;              // host:port
  Digest ca_fingerprint;
  std::array<uint8_t, 32> log_key;  // Ed25519 verifier key of the federation's log
  std::string secret;               // 16 bytes, single use

  std::string ToCode() const;
  // INVALID_ARGUMENT with code INVITATION_MALFORMED.
  static absl::StatusOr<Invitation> Parse(const std::string& code);
};

}  // namespace mutual::crypto
