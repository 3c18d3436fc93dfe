// Shamir's secret sharing (1979) of 32-byte secrets, for the pairwise protocol that we measure.
//
// The secret is five limbs of at most 56 bits, each shared by a polynomial of its own over the
// field of 2^61 − 1 elements. Not constant-time: nothing real is shared with it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "crypto/random.h"

namespace mutual::bench {

using ShareValue = std::array<uint64_t, 5>;
using SharedSecret = std::array<uint8_t, 32>;

// Shares for the points 1 … `count`; any `threshold` of them give the secret.
std::vector<ShareValue> Split(const SharedSecret& secret, uint32_t threshold, uint32_t count,
                              crypto::RandomSource& random);

// Puts secrets together that were shared for the same points.
class Combiner {
 public:
  explicit Combiner(std::span<const uint32_t> points);  // distinct, from 1
  // The shares of the points, in their order.
  SharedSecret Combine(std::span<const ShareValue> shares) const;

 private:
  std::vector<uint64_t> weights_;  // Lagrange coefficients at 0
};

}  // namespace mutual::bench
