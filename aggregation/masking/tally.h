// One scrutineer's answer for one round.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ids.h"

namespace mutual::aggregation::masking {

struct ClassDigest {
  uint32_t mask_class = 0;
  Digest sum;  // SHA-256 of the class sum's bytes
  bool operator==(const ClassDigest&) const = default;
};

// What the `tally` entry says.
struct TallyMessage {
  uint32_t scrutineer = 0;
  Digest study;
  uint64_t round = 0;
  uint64_t close_index = 0;
  Digest close_entry;                // leaf hash
  std::vector<ClassDigest> classes;  // of every class held, ascending

  Digest ToDigest() const;  // SHA-256 of the canonical bytes (docs/MASKING.md)
  bool operator==(const TallyMessage&) const = default;
};

// The message and the class sums behind it. Each class is one vector: a sum over several classes
// would fit no published digest, so a lie in it could not be found. Immutable; safe to share.
// Memory: 4 bytes a word and class held.
class Tally {
 public:
  // `sums` in the order of message.classes.
  Tally(TallyMessage message, std::vector<std::vector<uint32_t>> sums)
      : message_(std::move(message)), sums_(std::move(sums)) {}
  const TallyMessage& message() const { return message_; }
  // Σ_i PRG(k[i,c,r]) of class c over the counted nodes; valid as long as the object. NOT_FOUND
  // with code CLASS_NOT_HELD.
  absl::StatusOr<const std::vector<uint32_t>*> ClassSum(uint32_t mask_class) const;

 private:
  TallyMessage message_;
  std::vector<std::vector<uint32_t>> sums_;
};

}  // namespace mutual::aggregation::masking
