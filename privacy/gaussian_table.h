// One exact discrete Gaussian, prepared for fast sampling.
//
// P(x) ∝ g(x) = exp(−x²/2σ²) over the integers, σ an integer in [1, 2^28]. The half line
// x >= 0 is cut into bins of B = 2^k integers (B = 1, or 32 <= σ/B < 64) up to 6σ, and a tail.
//
// - Bin h is proposed with probability W_h/2^32, W_h an integer >= c·g(hB), c an integer; the
//   rest of 2^32 proposes nothing. An alias table of integers makes this one random word.
// - x is uniform in the bin and accepted with probability c·g(x)/W_h <= 1. So each x comes out
//   with probability proportional to (W_h/2^32)·(1/B)·c·g(x)/W_h = g(x)·(c/2^32·B): the same
//   constant for every bin, and W_h cancels, whatever rounding made it.
// - Tail: block j >= 0 of S = 64B >= σ integers from x = nB on is proposed with probability
//   (W_T/2^32)·2^−(j+1), x uniform in it, accepted with probability c·g(x)·2^(7+j)/W_T, which
//   is <= 1 because W_T >= 128·c·g(nB) and g falls by more than e^6 from block to block. The
//   constant is again c/(2^32·B).
// - A random sign; −0 is refused, so that 0 is not counted twice.
//
// Exactness. A probability p = c·g(x)·2^e/W is irrational, so the coin compares p with the
// binary expansion of a uniform U. With the first 64 bits of U and integer bounds
// p_low <= p <= p_high it accepts if the whole interval of U lies below p_low, refuses if it
// lies above p_high, and else draws more bits of U and computes p to more bits, without end.
// No decision rests on floating point and none is approximate. The bounds come from
// ExpMinus. Same distribution as Canonne, Kamath and Steinke 2020, about 1.3 % of proposals
// refused instead of their 24 %.
//
// Immutable after construction, so thread-safe. Not constant time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "privacy/exact_exponential.h"
#include "privacy/random_words.h"

namespace mutual::privacy {

class GaussianTable {
 public:
  // `stddev` in [1, 2^28]; ends the process otherwise.
  explicit GaussianTable(int64_t stddev);

  int64_t stddev() const { return stddev_; }

  int64_t Draw(RandomWords& words) const {
    for (;;) {
      const uint64_t word = words.Next();
      const Column& column = columns_[word & (kColumns - 1)];
      const uint32_t coin = static_cast<uint32_t>(word >> 9) & (kCapacity - 1);
      const uint32_t bin = coin < column.cut ? static_cast<uint32_t>(word & (kColumns - 1))
                                             : column.other;
      uint64_t x = (uint64_t{bin} << bin_bits_) | ((word >> 33) & bin_mask_);
      const uint64_t uniform = words.Next();
      if (uniform >= columns_[bin].sure && !AcceptSlowly(bin, uniform, words, &x)) continue;
      const bool negative = ((word >> 32) & 1) != 0;
      if (negative && x == 0) continue;
      return negative ? -static_cast<int64_t>(x) : static_cast<int64_t>(x);
    }
  }

  // How many coins needed more than 64 bits is not observable; tests call this coin directly.
  // True with probability exactly exp(−x²/2σ²)·multiplier·2^exponent/weight, given that the
  // first 64 bits of the uniform are `uniform`; more are drawn from `words` when they matter.
  struct Coin {
    uint64_t x;
    uint64_t multiplier;  // < 2^32
    uint64_t exponent;
    uint64_t weight;  // < 2^33
  };
  bool Flip(const Coin& coin, uint64_t uniform, RandomWords& words) const;

 private:
  static constexpr uint32_t kColumns = 512;
  static constexpr uint32_t kCapacity = 1u << 23;  // kColumns · kCapacity = 2^32
  static constexpr int kWholes = 32;

  // Column i of the alias table, and what is known of bin i.
  struct Column {
    uint64_t sure = 0;      // a uniform below this is accepted: 2^64·(lowest p in the bin)
    uint32_t cut = 0;       // coin < cut: bin i itself, else bin `other`
    uint32_t other = 0;
  };
  // lower <= exp(−t)·2^62 <= upper
  struct Bounds {
    uint64_t lower, upper;
  };

  Bounds Exponential(uint64_t x) const;  // t = x²/2σ² < kWholes, x < 2^32
  void FillColumns(std::array<uint64_t, kColumns> weights);
  bool AcceptSlowly(uint32_t bin, uint64_t uniform, RandomWords& words, uint64_t* x) const;
  bool FlipPrecisely(const Coin& coin, uint64_t uniform, RandomWords& words) const;

  int64_t stddev_;
  uint64_t denominator_;  // 2σ²
  int bin_bits_ = 0;
  uint64_t bin_mask_ = 0;
  uint32_t bin_count_ = 0;  // also the index of the tail; the next one proposes nothing
  uint64_t multiplier_ = 0;
  std::array<Bounds, kWholes> wholes_;  // exp(−0), exp(−1), …
  std::array<uint64_t, kColumns> weights_{};
  std::array<Column, kColumns> columns_{};
};

}  // namespace mutual::privacy
