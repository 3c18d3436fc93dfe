// Bounds on exp(−n/d) to any precision, in integers only.
//
// A binary fraction is a vector of words + 1 limbs of 64 bits, least significant first; the
// last limb is the integer part. One unit in the last place (ulp) is 2^(−64·words).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mutual::privacy {

__extension__ using Uint128 = unsigned __int128;

using BinaryFraction = std::vector<uint64_t>;

struct FractionInterval {
  BinaryFraction low, high;
};

// An interval that contains exp(−numerator/denominator). denominator in [1, 2^58]; words >= 1.
// When numerator/denominator < 32·words it is at most 2^12·words ulp wide.
FractionInterval ExpMinus(Uint128 numerator, uint64_t denominator, size_t words);

// total += more. Equal sizes; the sum must be below 2^64.
void Add(const BinaryFraction& more, BinaryFraction* total);
// value *= factor, exactly: the product must be below 2^64.
void MultiplySmall(uint64_t factor, BinaryFraction* value);
// −1, 0 or 1 as a < b, a = b, a > b. Equal sizes.
int Compare(const BinaryFraction& a, const BinaryFraction& b);

}  // namespace mutual::privacy
