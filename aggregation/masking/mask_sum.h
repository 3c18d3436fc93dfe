// Expanding masks and adding them up, in one pass.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "base/ids.h"
#include "crypto/secret.h"

namespace mutual::aggregation::masking {

// Fewest words of any masked vector or class sum: with fewer, the published SHA-256 of a class sum
// could be inverted by trying all values.
inline constexpr size_t kMinWords = 16;

// Words on the wire of a vector of `values` values.
inline constexpr size_t PaddedWords(size_t values) {
  return values < kMinWords ? kMinWords : values;
}

// total[w] += Σ_k PRG(stream_keys[k])[w] modulo 2^32, where PRG(key)[w] is the little-endian uint32
// at byte 4w of AES-256-CTR(key, zero IV). `threads` ≥ 1 threads, the caller's among them, each
// take one part of the words; they end before the function does. Memory: a few KiB a thread.
//
// INVALID_ARGUMENT when a key has not 32 bytes or `threads` is 0 or above 256; `total` is
// unchanged.
absl::Status AddMasks(std::span<const crypto::Secret> stream_keys, uint32_t threads,
                      std::span<uint32_t> total);

// SHA-256 of the words' little-endian bytes: what `tally` and `contribution` entries publish.
Digest DigestOfWords(std::span<const uint32_t> words);

}  // namespace mutual::aggregation::masking
