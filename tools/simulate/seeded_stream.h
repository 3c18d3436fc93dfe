// Randomness that repeats itself: for simulations, and for nothing that must stay secret.
//
// tests/architecture keeps this file out of every program but mutual-simulate: a real node's noise,
// sampling and keys never come from a seed.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "crypto/random.h"

namespace mutual::simulate {

// AES-CTR bytes that depend on `seed` and `name` only; streams of different names are independent.
// Not thread-safe.
class SeededStream final : public crypto::RandomSource {
 public:
  SeededStream(uint64_t seed, std::string_view name);
  void Fill(std::span<uint8_t> out) override { random_.Fill(out); }

 private:
  crypto::FastRandom random_;
};

// One number of such a stream.
uint64_t SeedFor(uint64_t seed, std::string_view name);

}  // namespace mutual::simulate
