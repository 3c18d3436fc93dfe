// Integers modulo 2^32: what travels, and how sums come back (MASKING.md, "Ring").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mutual::aggregation {

// `values` modulo 2^32. Any int64 is accepted; the ring wraps.
std::vector<uint32_t> ToRing(std::span<const int64_t> values);
// total += more, modulo 2^32. Sizes must be equal.
void AddToRing(std::span<const uint32_t> more, std::span<uint32_t> total);
// The representative in [−2^31, 2^31).
std::vector<int64_t> Centre(std::span<const uint32_t> ring);

// Little-endian words, 4 bytes each: the wire and the hashed form.
std::string ToBytes(std::span<const uint32_t> ring);
// total += the little-endian words of `bytes` (size 4·total.size()).
void AddBytesToRing(std::span<const uint8_t> bytes, std::span<uint32_t> total);
// total -= the little-endian words of `bytes`, modulo 2^32.
void TakeBytesOffRing(std::span<const uint8_t> bytes, std::span<uint32_t> total);

// Centred sum divided by `scale`.
std::vector<double> Dequantise(std::span<const int64_t> centred, double scale);

}  // namespace mutual::aggregation
