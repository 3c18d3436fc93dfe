// What a log sends to a witness and what it gets back (C2SP tlog-witness v1.0.0, add-checkpoint).
//
//   old <size>\n  <base64 hash>\n × 0..63  \n  <signed checkpoint>
//
// Bytes: docs/LOG_FORMAT.md. Pure values and functions; no HTTP here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ids.h"
#include "transparency/note.h"

namespace mutual::transparency {

inline constexpr size_t kMaxConsistencyHashes = 63;

struct AddCheckpointRequest {
  uint64_t old_size = 0;      // what the log believes the witness cosigned last
  std::vector<Digest> proof;  // PROOF(old_size, D[size]) of RFC 6962 section 2.1.2
  std::string checkpoint;     // the signed note's bytes
  bool operator==(const AddCheckpointRequest&) const = default;
};

// PrintAddCheckpoint(ParseAddCheckpoint(x)) == x. INVALID_ARGUMENT: no "old" line, a malformed size
// or hash, more than kMaxConsistencyHashes, no empty line, over kMaxNoteBytes and the proof's
// lines. The checkpoint is not looked at.
absl::StatusOr<AddCheckpointRequest> ParseAddCheckpoint(std::string_view bytes);
std::string PrintAddCheckpoint(const AddCheckpointRequest& request);

// An HTTP answer without HTTP.
struct WitnessAnswer {
  int code = 0;
  std::string content_type;
  std::string body;
  bool operator==(const WitnessAnswer&) const = default;
};

inline constexpr char kSizeContentType[] = "text/x.tlog.size";
inline constexpr char kTextContentType[] = "text/plain; charset=utf-8";

// What the log reads in an answer: a cosignature of its checkpoint, or the size it must start from.
struct WitnessReply {
  std::optional<NoteSignature> cosignature;
  std::optional<uint64_t> old_size;  // 409: ask again with a proof from here
};

// `text` is the checkpoint's text that was sent, `witness` the key expected to cosign it;
// signatures by other keys are ignored. UNAUTHENTICATED on a 200 without a good cosignature;
// INVALID_ARGUMENT on a malformed body; FAILED_PRECONDITION with the code and body for every other
// answer, 409 without a size included (older witnesses answer so to another root of the same size).
absl::StatusOr<WitnessReply> ReadWitnessAnswer(const WitnessAnswer& answer, std::string_view text,
                                               const NoteVerifier& witness);

}  // namespace mutual::transparency
