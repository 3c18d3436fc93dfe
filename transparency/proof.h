// A proof that an entry is in a log, in one file that verifies offline for ever
// (c2sp.org/tlog-proof, draft; `.tlog-proof`). With the entry in `extra` it is a receipt.
//
//     c2sp.org/tlog-proof@v1
//     extra <base64 of the entry>         may be absent
//     index <n>
//     <base64 of a hash>                  0 to 63 times, the leaf's sibling first
//
//     <checkpoint with its signatures, verbatim>
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ids.h"
#include "transparency/log_reader.h"
#include "transparency/policy.h"

namespace mutual::transparency {

inline constexpr size_t kMaxProofHashes = 63;

struct Proof {
  std::optional<std::string> entry;  // from `extra`: at least one byte, and not yet verified
  uint64_t index = 0;                // of the entry in the log
  std::vector<Digest> hashes;
  std::string checkpoint;  // a signed note
  bool operator==(const Proof&) const = default;
};

// PrintProof(ParseProof(x)) == x. INVALID_ARGUMENT for everything that is not a proof in the one
// spelling above, or whose checkpoint is not a note with a checkpoint's text. Verifies nothing.
absl::StatusOr<Proof> ParseProof(std::string_view bytes);
std::string PrintProof(const Proof& proof);

// The receipt for entry `index` under `checkpoint`, which must be of the tree that `log` reads.
// INVALID_ARGUMENT when it is not; other errors as of LogReader.
absl::StatusOr<Proof> MakeReceipt(LogReader& log, uint64_t index, const std::string& checkpoint);

// OK when the checkpoint is signed by a log of `policy`, cosigned by its quorum, and has `entry` at
// the proof's index; the result is what the policy says of the checkpoint. An `extra` is not looked
// at. INVALID_ARGUMENT on an index outside the tree; DATA_LOSS PROOF_WRONG when the hashes do not
// lead to the root; other errors as of Policy::RequireQuorum.
absl::StatusOr<Evaluation> VerifyProof(const Proof& proof, std::string_view entry,
                                       const Policy& policy);
// The same for the entry in `extra`; INVALID_ARGUMENT when there is none.
absl::StatusOr<Evaluation> VerifyReceipt(const Proof& proof, const Policy& policy);
// The same, when `evaluation` is what a policy's RequireQuorum said of exactly proof.checkpoint.
absl::Status VerifyReceiptIn(const Proof& proof, const Evaluation& evaluation);

}  // namespace mutual::transparency
