// Noise, as a parameter: one implementation in programs, a zero one in test builds only.
#pragma once

#include <cstdint>
#include <span>

namespace mutual::privacy {

// Adds independent noise of standard deviation `stddev` grid units to every coordinate.
class NoiseSource {
 public:
  virtual ~NoiseSource() = default;
  virtual void AddNoise(int64_t stddev, std::span<int64_t> values) = 0;
};

}  // namespace mutual::privacy
