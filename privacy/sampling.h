// Poisson sampling of slots.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/random.h"

namespace mutual::privacy {

// One independent coin per slot, occupied or not: slot i is in the sample with probability
// exactly `rate` (the double's exact binary value), rate in (0, 1]. INVALID_ARGUMENT outside.
// The answer is secret: it must never influence anything observable but the noised sum.
absl::StatusOr<std::vector<bool>> SampleSlots(uint64_t slot_count, double rate,
                                              crypto::RandomSource& random);

// `count` distinct indices below `population`, uniformly, increasing (max_rows of a member).
std::vector<uint64_t> SampleWithoutReplacement(uint64_t population, uint64_t count,
                                               crypto::RandomSource& random);

}  // namespace mutual::privacy
