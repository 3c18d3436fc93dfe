// A receipt: one entry, its place in the log, and a cosigned checkpoint that covers it, in one file
// (C2SP tlog-proof, draft).
//
//   c2sp.org/tlog-proof@v1
//   extra <base64 of the entry>
//   index <n>
//   <base64 hash> × 0..63
//   (blank line)
//   <checkpoint verbatim>
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ids.h"

namespace mutual::transparency {

struct Proof {
  uint64_t index = 0;
  std::vector<Digest> hashes;  // the leaf's sibling first
  std::string extra;           // the exact bytes of the entry; empty when the file has none
  std::string checkpoint;      // the signed note
  bool operator==(const Proof&) const = default;
};

std::string PrintProof(const Proof& proof);
// PrintProof(ParseProof(x)) == x. INVALID_ARGUMENT otherwise. Verifies nothing.
absl::StatusOr<Proof> ParseProof(std::string_view bytes);

}  // namespace mutual::transparency
