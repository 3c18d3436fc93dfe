#include "privacy/gaussian_table.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace mutual::privacy {
namespace {

constexpr int kFractionBits = 62;
constexpr uint64_t kOne = uint64_t{1} << kFractionBits;

uint64_t MultiplyFractions(uint64_t a, uint64_t b) {
  return static_cast<uint64_t>((Uint128{a} * b) >> kFractionBits);
}

constexpr int kTerms = 22;
constexpr std::array<uint64_t, kTerms + 1> Reciprocals() {
  std::array<uint64_t, kTerms + 1> result{};
  for (uint64_t k = 1; k <= kTerms; ++k) result[k] = kOne / k;
  return result;
}
constexpr std::array<uint64_t, kTerms + 1> kReciprocals = Reciprocals();

// exp(−f)·2^62 within kFractionError, f = fraction/2^62 in [0, 1], as
// 1 − f(1 − f/2·(1 − f/3·(…))). Each step errs by at most e_k <= e_{k+1}/k + 3 (f·r, 1/k and
// their product are each truncated by less than one unit), so e_1 < 3 + 3 + 3/2 + … < 10;
// leaving out f^23/23! adds less than 1, truncating f itself less than 1.
constexpr uint64_t kFractionError = 16;
uint64_t ExpMinusFraction(uint64_t fraction) {
  uint64_t result = kOne;
  for (size_t k = kTerms; k >= 1; --k) {
    result = kOne - MultiplyFractions(MultiplyFractions(fraction, result), kReciprocals[k]);
  }
  return result;
}

uint64_t ToFraction(const BinaryFraction& value) {  // two words to 62 bits, rounded down
  return (value[2] << kFractionBits) | (value[1] >> 2);
}

}  // namespace

GaussianTable::GaussianTable(int64_t stddev) : stddev_(stddev) {
  if (stddev < 1 || stddev > (int64_t{1} << 28)) {
    std::fprintf(stderr, "noise standard deviation is %lld, want 1 to 2^28\n",
                 static_cast<long long>(stddev));
    std::abort();  // going on would mean no noise
  }
  const uint64_t sigma = static_cast<uint64_t>(stddev);
  denominator_ = 2 * sigma * sigma;
  for (uint64_t whole = 0; whole < kWholes; ++whole) {
    const FractionInterval exact = ExpMinus(whole, 1, 2);
    wholes_[whole] = {ToFraction(exact.low), std::min(ToFraction(exact.high) + 1, kOne)};
  }
  while ((sigma >> bin_bits_) >= 64) ++bin_bits_;
  const uint64_t width = uint64_t{1} << bin_bits_;
  bin_mask_ = width - 1;
  bin_count_ = static_cast<uint32_t>((6 * sigma + width - 1) / width);

  std::vector<uint64_t> tops;
  Uint128 total = 0;
  for (uint64_t bin = 0; bin <= bin_count_; ++bin) {
    tops.push_back(Exponential(bin * width).upper);
    total += bin < bin_count_ ? Uint128{tops[bin]} : Uint128{tops[bin]} * 128;
  }
  multiplier_ = static_cast<uint64_t>(
      (((Uint128{1} << 32) - bin_count_ - 2) << kFractionBits) / total);
  uint64_t rest = uint64_t{1} << 32;
  for (uint64_t bin = 0; bin <= bin_count_; ++bin) {
    const Uint128 wanted = Uint128{multiplier_} * tops[bin] * (bin < bin_count_ ? 1 : 128);
    weights_[bin] = static_cast<uint64_t>(wanted >> kFractionBits) + 1;
    rest -= weights_[bin];
    if (bin == bin_count_) break;
    const Uint128 lowest = Uint128{multiplier_} * Exponential((bin + 1) * width - 1).lower;
    columns_[bin].sure = static_cast<uint64_t>(
        std::min<Uint128>((lowest << 2) / weights_[bin], ~uint64_t{0}));
  }
  weights_[bin_count_ + 1] = rest;
  FillColumns(weights_);
}

// Vose's alias method in integers: every column holds exactly kCapacity.
void GaussianTable::FillColumns(std::array<uint64_t, kColumns> weights) {
  std::vector<uint32_t> small, large;
  for (uint32_t i = 0; i < kColumns; ++i) {
    columns_[i].cut = kCapacity;
    columns_[i].other = i;
    (weights[i] < kCapacity ? small : large).push_back(i);
  }
  while (!small.empty()) {
    const uint32_t poor = small.back(), rich = large.back();
    small.pop_back();
    columns_[poor].cut = static_cast<uint32_t>(weights[poor]);
    columns_[poor].other = rich;
    weights[rich] -= kCapacity - weights[poor];
    if (weights[rich] < kCapacity) {
      large.pop_back();
      small.push_back(rich);
    }
  }
}

GaussianTable::Bounds GaussianTable::Exponential(uint64_t x) const {
  const uint64_t numerator = x * x;
  const Bounds whole = wholes_[numerator / denominator_];
  const uint64_t fraction = static_cast<uint64_t>(
      (Uint128{numerator % denominator_} << kFractionBits) / denominator_);
  const uint64_t part = ExpMinusFraction(fraction);
  return {MultiplyFractions(whole.lower, part - kFractionError),
          std::min(MultiplyFractions(whole.upper, part + kFractionError) + 1, kOne)};
}

bool GaussianTable::AcceptSlowly(uint32_t bin, uint64_t uniform, RandomWords& words,
                                 uint64_t* x) const {
  if (bin > bin_count_) return false;
  if (bin < bin_count_) return Flip({*x, multiplier_, 0, weights_[bin]}, uniform, words);
  uint64_t block = 0;
  while ((words.Next() & 1) != 0) ++block;
  const int block_bits = bin_bits_ + 6;
  *x = (uint64_t{bin_count_} << bin_bits_) + (block << block_bits) +
       (words.Next() & ((uint64_t{1} << block_bits) - 1));
  return Flip({*x, multiplier_, 7 + block, weights_[bin]}, uniform, words);
}

bool GaussianTable::Flip(const Coin& coin, uint64_t uniform, RandomWords& words) const {
  const bool fits = coin.x < (uint64_t{1} << 32) && coin.exponent <= 20 &&
                    coin.x * coin.x / denominator_ < kWholes;
  if (fits) {
    const Bounds bounds = Exponential(coin.x);
    const Uint128 scale = Uint128{coin.multiplier} << (coin.exponent + 2);
    if ((Uint128{uniform} + 1) * coin.weight <= scale * bounds.lower) return true;
    if (Uint128{uniform} * coin.weight >= scale * bounds.upper) return false;
  }
  return FlipPrecisely(coin, uniform, words);
}

bool GaussianTable::FlipPrecisely(const Coin& coin, uint64_t uniform, RandomWords& words) const {
  const Uint128 numerator = Uint128{coin.x} * coin.x;
  BinaryFraction bits = {uniform, 0};
  // Enough words that exp(−t)·2^exponent has bits at all: exponent <= t in every coin we flip.
  size_t count = static_cast<size_t>(numerator / denominator_ / 64) + 2;
  for (;; ++count) {
    while (bits.size() < count + 1) bits.insert(bits.begin(), words.Next());
    FractionInterval product = ExpMinus(numerator, denominator_, count);
    for (BinaryFraction* end : {&product.low, &product.high}) {
      MultiplySmall(coin.multiplier, end);
      for (uint64_t i = 0; i < coin.exponent; ++i) MultiplySmall(2, end);
    }
    BinaryFraction below = bits;  // uniform·weight from below, and one ulp of it above
    MultiplySmall(coin.weight, &below);
    BinaryFraction above(count + 1, 0);
    above[0] = coin.weight;
    Add(below, &above);
    if (Compare(above, product.low) <= 0) return true;
    if (Compare(below, product.high) >= 0) return false;
  }
}

}  // namespace mutual::privacy
