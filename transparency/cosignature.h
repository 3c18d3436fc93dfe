// A witness's signature under a checkpoint: at that time this was the largest consistent tree it
// had seen for that origin (C2SP tlog-cosignature v1.0.1, cosignature/v1 with Ed25519).
//
//   signature bytes = unix seconds (8, big endian) || Ed25519 signature (64)
//
// The signed message does not name the witness: one key per witness, used for nothing else.
// Bytes: docs/LOG_FORMAT.md. Pure values and functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/signing_key.h"
#include "transparency/note.h"

namespace mutual::transparency {

class CosignatureSigner {
 public:
  // INVALID_ARGUMENT on a bad name.
  static absl::StatusOr<CosignatureSigner> Create(std::string_view name, crypto::SigningKey key);
  const NoteVerifier& verifier() const { return verifier_; }  // type 0x04
  // `text` is the whole text of a checkpoint; INVALID_ARGUMENT when it is not one.
  absl::StatusOr<NoteSignature> Sign(std::string_view text, uint64_t unix_seconds) const;

 private:
  CosignatureSigner(NoteVerifier verifier, crypto::SigningKey key)
      : verifier_(std::move(verifier)), key_(std::move(key)) {}
  NoteVerifier verifier_;
  crypto::SigningKey key_;
};

struct Cosignature {
  NoteVerifier witness;
  uint64_t unix_seconds = 0;  // the witness's claim
};

// The cosignatures of `note` by distinct keys of `witnesses`, in the order of `witnesses`, each
// with its newest time. Two names of one public key count once. Unknown keys are ignored;
// UNAUTHENTICATED when a known witness's cosignature is bad; INVALID_ARGUMENT when a verifier is
// not of type 0x04.
absl::StatusOr<std::vector<Cosignature>> ReadCosignatures(const Note& note,
                                                          std::span<const NoteVerifier> witnesses);

}  // namespace mutual::transparency
