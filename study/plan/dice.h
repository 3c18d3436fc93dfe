// Repeatable numbers for plans and made-up data. They protect nothing: noise and keys come from
// privacy/ and crypto/.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace mutual::study {

// SplitMix64 (Steele, Lea, Flood 2014). Not thread-safe.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}

  uint64_t Word() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  // Uniform in (0, 1).
  double Uniform() { return (static_cast<double>(Word() >> 11) + 0.5) * 0x1p-53; }
  // Of mean 0 and standard deviation 1 (Box and Muller 1958).
  double Normal() {
    const double radius = std::sqrt(-2 * std::log(Uniform()));
    return radius * std::cos(2 * std::numbers::pi * Uniform());
  }

 private:
  uint64_t state_;
};

}  // namespace mutual::study
