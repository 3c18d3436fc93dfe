// Exact sampler of the discrete Gaussian N_Z(0, σ²) (Canonne, Kamath, Steinke 2020).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "crypto/random.h"
#include "privacy/noise.h"

namespace mutual::privacy {

// P(x) ∝ exp(−x²/2σ²) over the integers, with σ = `stddev` any integer in [1, 2^28]; exact,
// no floating-point decision. A dart is thrown uniformly at equal boxes that cover the bell
// (and at a geometric tail beyond 5σ); its x is kept when the dart is under the bell
// (privacy/bell.h). Randomness comes from FastRandom generators, one per thread, keyed from
// `seed_source`, which must outlive this object. `threads` >= 1. Not thread-safe.
// Not constant time (no rejection sampler is); callers hide timing by when they upload.
class DiscreteGaussian final : public NoiseSource {
 public:
  DiscreteGaussian(crypto::RandomSource& seed_source, int threads);
  ~DiscreteGaussian() override;
  int64_t Sample(int64_t stddev);
  void AddNoise(int64_t stddev, std::span<int64_t> values) override;

  // Mean, variance, chi-square over 16 bins and lag-1 correlation of fresh samples; INTERNAL
  // when one fails (false failure rate below 1e-9). A node refuses to start on failure.
  absl::Status SelfTest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mutual::privacy
