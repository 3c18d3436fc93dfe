// The values of an entry's lines: one spelling each, checked by kind.
//
// Bytes: docs/LOG_FORMAT.md. Pure functions; every parser returns INVALID_ARGUMENT on anything but
// the canonical spelling.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "transparency/merkle.h"

namespace mutual::transparency {

enum class ValueKind {
  kText,        // any text of one line
  kWord,        // [a-z0-9-]+
  kCode,        // [A-Z][A-Z_]*, a stable error code
  kName,        // an organisation's or researcher's pseudonym, see NodeId
  kOrigin,      // a log's name
  kInteger,     // 0|[1-9][0-9]*, 64 bits
  kReal,        // finite, shortest decimal
  kHash,        // 64 lowercase hex digits (SHA-256, or a 32-byte X25519 key)
  kStudy,       // "sha256:" and 64 lowercase hex digits
  kTime,        // 2026-11-23T10:31:07Z
  kKey,         // a verifier key, "<name>+<key ID>+<base64>"
  kHead,        // "<size> <base64 root>"
  kClassHash,   // "<mask class> <hash>"
  kSealedHash,  // "<mask class> <holder> <hash>"
};

// INVALID_ARGUMENT unless `value` is of `kind`, not empty, UTF-8 in NFC, without newline and
// without white space at its ends.
absl::Status CheckValue(ValueKind kind, std::string_view value);

// What docs and messages call the kind.
const char* NameOf(ValueKind kind);

// A value of one mask class (MASKING.md): a commit, or the digest of a class sum.
struct ClassHash {
  uint64_t mask_class = 0;
  Digest hash;
  bool operator==(const ClassHash&) const = default;
};
// The digest of what was encrypted to one holder of a class.
struct SealedHash {
  uint64_t mask_class = 0;
  std::string holder;
  Digest hash;
  bool operator==(const SealedHash&) const = default;
};

absl::StatusOr<Digest> ParseHash(std::string_view value);   // 64 hex digits
absl::StatusOr<Digest> ParseStudy(std::string_view value);  // with "sha256:"
absl::StatusOr<absl::Time> ParseTime(std::string_view value);
absl::StatusOr<TreeHead> ParseHead(std::string_view value);
absl::StatusOr<ClassHash> ParseClassHash(std::string_view value);
absl::StatusOr<SealedHash> ParseSealedHash(std::string_view value);

std::string PrintStudy(const Digest& study);
std::string PrintHead(const TreeHead& head);
std::string PrintClassHash(const ClassHash& value);
std::string PrintSealedHash(const SealedHash& value);

}  // namespace mutual::transparency
