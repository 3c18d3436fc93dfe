// Noise, as a parameter: exact noise in programs, a zero one in test builds only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace mutual::privacy {

class NoiseSource {
 public:
  virtual ~NoiseSource() = default;
  // Adds independent noise of standard deviation `stddev` grid units to every coordinate.
  virtual void AddNoise(int64_t stddev, std::span<int64_t> values) = 0;
  // A hint that the next call will want `count` samples of `stddev`; a source may draw them
  // ahead. What AddNoise adds has the same law with or without it.
  virtual void Prepare(int64_t stddev, size_t count) {
    static_cast<void>(stddev);
    static_cast<void>(count);
  }
};

}  // namespace mutual::privacy
