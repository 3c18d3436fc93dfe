#include "aggregation/ring.h"

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstring>

namespace mutual::aggregation {
namespace {

// The word stored little-endian at `bytes`. On little-endian machines compilers turn the loops
// below into plain vector loads and stores.
uint32_t LoadWord(const uint8_t* bytes) {
  if constexpr (std::endian::native == std::endian::little) {
    uint32_t word = 0;
    std::memcpy(&word, bytes, sizeof(word));
    return word;
  }
  return uint32_t{bytes[0]} | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 |
         uint32_t{bytes[3]} << 24;
}

}  // namespace

std::vector<uint32_t> ToRing(std::span<const int64_t> values) {
  std::vector<uint32_t> ring(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    ring[i] = static_cast<uint32_t>(static_cast<uint64_t>(values[i]));
  }
  return ring;
}

void AddToRing(std::span<const uint32_t> more, std::span<uint32_t> total) {
  assert(more.size() == total.size());
  for (size_t i = 0; i < total.size(); ++i) total[i] += more[i];
}

std::vector<int64_t> Centre(std::span<const uint32_t> ring) {
  std::vector<int64_t> centred(ring.size());
  for (size_t i = 0; i < ring.size(); ++i) centred[i] = static_cast<int32_t>(ring[i]);
  return centred;
}

std::string ToBytes(std::span<const uint32_t> ring) {
  std::string bytes(4 * ring.size(), '\0');
  if constexpr (std::endian::native == std::endian::little) {
    if (!ring.empty()) std::memcpy(bytes.data(), ring.data(), bytes.size());
    return bytes;
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(static_cast<uint8_t>(ring[i / 4] >> (8 * (i % 4))));
  }
  return bytes;
}

void AddBytesToRing(std::span<const uint8_t> bytes, std::span<uint32_t> total) {
  assert(bytes.size() == 4 * total.size());
  for (size_t i = 0; i < total.size(); ++i) total[i] += LoadWord(bytes.data() + 4 * i);
}

void TakeBytesOffRing(std::span<const uint8_t> bytes, std::span<uint32_t> total) {
  assert(bytes.size() == 4 * total.size());
  for (size_t i = 0; i < total.size(); ++i) total[i] -= LoadWord(bytes.data() + 4 * i);
}

std::vector<double> Dequantise(std::span<const int64_t> centred, double scale) {
  std::vector<double> values(centred.size());
  for (size_t i = 0; i < centred.size(); ++i) values[i] = static_cast<double>(centred[i]) / scale;
  return values;
}

}  // namespace mutual::aggregation
