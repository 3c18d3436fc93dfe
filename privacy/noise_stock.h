// Noise drawn ahead, while a node waits for the next round.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <thread>

#include "crypto/random.h"
#include "crypto/secret.h"
#include "privacy/discrete_gaussian.h"
#include "privacy/noise.h"

namespace mutual::privacy {

// Exact discrete Gaussian noise, of which the next vector may have been drawn beforehand. Every
// sample is used at most once: a stock belongs to one call of AddNoise, which leaves none of it.
// What is not used, because the vector was shorter or its σ another, is wiped with the rest. A
// stock lives in memory only, as a secret, and never comes from a seed: whoever knew it could
// take the noise off what is sent.
//
// `seed_source` must outlive this object; `threads` >= 1 draw at once. Not thread-safe; the
// drawing ahead happens on a thread of its own.
class NoiseStock final : public NoiseSource {
 public:
  NoiseStock(crypto::RandomSource& seed_source, int threads);
  ~NoiseStock() override;

  // Takes what was drawn ahead for `stddev`, stops drawing, and draws the rest on the spot.
  void AddNoise(int64_t stddev, std::span<int64_t> values) override;
  // Starts to draw `count` samples (at most 2^24) and returns at once. A stock not yet used is
  // thrown away.
  void Prepare(int64_t stddev, size_t count) override;
  // Waits until all that was asked for is drawn; how many samples lie ready.
  size_t AwaitPrepared();

 private:
  void Stop();
  void Draw();
  std::span<int64_t> stock();

  DiscreteGaussian noise_;  // used by one thread at a time: the drawing one is joined first
  std::thread drawing_;
  std::atomic<bool> stopping_ = false;
  crypto::Secret stock_;
  int64_t stock_stddev_ = 0;
  size_t ready_ = 0;  // samples at the front of stock_; written by the drawing thread
};

}  // namespace mutual::privacy
