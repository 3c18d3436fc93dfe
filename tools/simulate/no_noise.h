// `--noise off`: to compare a study with the pooled answer.
//
// What is released so protects nobody. tests/architecture keeps this file in this room: no study
// file, option or configuration of mutual-node reaches it.
#pragma once

#include "privacy/noise.h"

namespace mutual::simulate {

class NoNoise final : public privacy::NoiseSource {
 public:
  void AddNoise(int64_t, std::span<int64_t>) override {}
};

// Stands in every output of a simulation without noise.
inline constexpr char kNoNoiseMark[] = "WITHOUT NOISE: not private, for comparison only";

}  // namespace mutual::simulate
