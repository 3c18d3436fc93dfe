// What a benchmark needs of a round's opening.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/ids.h"

namespace mutual::bench {

struct RoundNotice {
  std::string receipt;  // of the round-start entry, not verified
  Digest study;
  uint64_t round = 0;
  uint64_t vector_length = 0;  // values of a contribution
};

// INVALID_ARGUMENT unless `receipt` holds a round-start entry.
absl::StatusOr<RoundNotice> ParseNotice(const std::string& receipt);

}  // namespace mutual::bench
