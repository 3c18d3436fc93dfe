// Bytes and text: hex, canonical base64, strict numbers, little-endian words.
//
// Every parser here accepts exactly one spelling of each value, so that
// parse → print is the identity; anything else is INVALID_ARGUMENT.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace mutual {

// Bytes of `text`, without copying. `text` must outlive the result.
inline std::span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string HexEncode(std::span<const uint8_t> bytes);            // lowercase
absl::StatusOr<std::string> HexDecode(std::string_view hex);      // lowercase only

std::string Base64Encode(std::span<const uint8_t> bytes);         // RFC 4648 §4, padded
// Refuses missing padding, white space, other alphabets and non-zero stray bits.
absl::StatusOr<std::string> Base64Decode(std::string_view text);

// `0|[1-9][0-9]*` that fits 64 bits.
absl::StatusOr<uint64_t> ParseUint64(std::string_view text);
// Shortest decimal that reads back as the same double (std::to_chars), and its inverse,
// which accepts only that spelling. Finite values only.
std::string FormatDouble(double value);
absl::StatusOr<double> ParseDouble(std::string_view text);

// Appends a 4-byte big-endian length and then `bytes`: the framing used wherever
// several fields are hashed or bound together.
void AppendLengthPrefixed(std::string_view bytes, std::string* out);

void PutUint64BigEndian(uint64_t value, std::string* out);
uint64_t GetUint64BigEndian(std::span<const uint8_t, 8> bytes);

}  // namespace mutual
