// A checkpoint: the size and root of a log at one moment (C2SP tlog-checkpoint v1.0.0).
//
//   <origin>\n <size>\n <base64 of the root>\n        then a blank line and signature lines
//
// Bytes: docs/LOG_FORMAT.md. Pure values and functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/ids.h"
#include "transparency/note.h"

namespace mutual::transparency {

// The largest size accepted, 2^63 − 1, so that others' signed integers hold it.
inline constexpr uint64_t kMaxTreeSize = (uint64_t{1} << 63) - 1;

struct Checkpoint {
  std::string origin;     // the log's name, a key name
  uint64_t size = 0;      // leaves
  Digest root;            // RFC 6962 Merkle tree hash of them
  std::string extension;  // further lines, whole, of other people's logs; ours emits none

  std::string ToText() const;
  bool operator==(const Checkpoint&) const = default;
};

// ParseCheckpoint(x).ToText() == x for the text of a note (without signatures). INVALID_ARGUMENT
// otherwise: fewer than three lines, a bad origin, a size with a leading zero or over
// kMaxTreeSize, a root that is not canonical base64 of 32 bytes, an empty line.
absl::StatusOr<Checkpoint> ParseCheckpoint(std::string_view text);

// The signed note. INVALID_ARGUMENT when `signer` has another name than the origin, or the
// checkpoint does not survive printing and parsing.
absl::StatusOr<std::string> SignCheckpoint(const Checkpoint& checkpoint, const NoteSigner& signer);

struct SignedCheckpoint {
  Checkpoint checkpoint;
  Note note;  // as received: every signature, known or not
};

// Parses `bytes` and checks that the log of `verifier` signed them. INVALID_ARGUMENT on malformed
// bytes; PERMISSION_DENIED when the origin is not the verifier's name; UNAUTHENTICATED on a missing
// or bad log signature. Cosignatures are not looked at (see policy.h).
absl::StatusOr<SignedCheckpoint> OpenCheckpoint(std::string_view bytes,
                                                const NoteVerifier& verifier);

}  // namespace mutual::transparency
