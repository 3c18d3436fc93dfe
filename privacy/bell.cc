#include "privacy/bell.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace mutual::privacy {
namespace {

__extension__ using uint128 = unsigned __int128;

constexpr uint64_t kOne = uint64_t{1} << 63;  // 1.0 in BellHeight's fixed point
constexpr int kTerms = 14;
constexpr int kSquarings = 6;

uint64_t MultiplyHigh(uint64_t a, uint64_t b) {
  return static_cast<uint64_t>(static_cast<uint128>(a) * b >> 64);
}

// Which side of the truth every operation of a Fixed errs on.
enum class Side { kBelow, kAbove };

// A non-negative number: words[0] is the integer part, words[k] weighs 2^-64k.
class Fixed {
 public:
  Fixed(size_t fraction_words, Side side) : words_(fraction_words + 1, 0), side_(side) {}

  uint64_t whole() const { return words_[0]; }
  // Below two units of the last place: what is left of a term that has died out.
  bool IsNegligible() const {
    for (size_t k = 0; k + 1 < words_.size(); ++k) {
      if (words_[k] != 0) return false;
    }
    return words_.back() < 16;
  }
  void SetBit(int64_t weight_exponent) {  // adds 2^-weight_exponent, weight_exponent >= 1
    AddWord(static_cast<size_t>((weight_exponent - 1) / 64 + 1),
            uint64_t{1} << (63 - (weight_exponent - 1) % 64));
  }
  // Adds `word`·2^-exponent.
  void AddScaled(uint64_t word, int64_t exponent) {
    for (int bit = 0; bit < 64; ++bit) {
      if ((word >> bit & 1) != 0) SetBit(exponent - bit);
    }
  }
  void Add(const Fixed& other) {
    uint128 carry = 0;
    for (size_t k = words_.size(); k-- > 0;) {
      carry += static_cast<uint128>(words_[k]) + other.words_[k];
      words_[k] = static_cast<uint64_t>(carry);
      carry >>= 64;
    }
  }
  void Multiply(uint64_t factor) {
    uint128 carry = 0;
    for (size_t k = words_.size(); k-- > 0;) {
      carry += static_cast<uint128>(words_[k]) * factor;
      words_[k] = static_cast<uint64_t>(carry);
      carry >>= 64;
    }
  }
  void Divide(uint64_t divisor) {
    uint128 rest = 0;
    for (uint64_t& word : words_) {
      rest = rest << 64 | word;
      word = static_cast<uint64_t>(rest / divisor);
      rest %= divisor;
    }
    if (side_ == Side::kAbove) AddWord(words_.size() - 1, 1);
  }

 private:
  void AddWord(size_t k, uint64_t word) {
    while (word != 0) {
      words_[k] += word;
      word = words_[k] < word ? 1 : 0;
      if (k-- == 0) return;
    }
  }

  std::vector<uint64_t> words_;
  Side side_;
};

// y·exp(n/d) < 1 decides, as a series of positive terms: each is the one before times
// n/(d·j). True when the sum, with all errors on `side`, reaches 1.
bool ReachesOne(Fixed term, const Exponent& exponent, Side side) {
  Fixed sum = term;
  for (uint64_t j = 1; sum.whole() == 0; ++j) {
    Fixed part = term;
    part.Multiply(exponent.numerator);
    part.Divide(exponent.denominator);
    term.Multiply(exponent.whole);
    term.Add(part);
    term.Divide(j);
    sum.Add(term);
    // From here on terms at least halve, so the rest is below this term.
    if (j >= 2 * (exponent.whole + 1) && term.IsNegligible()) {
      if (side == Side::kAbove) sum.Add(term);
      break;
    }
  }
  return sum.whole() > 0;
}

// y from the known words of U, or y plus one unit of their last digit.
Fixed HeightOf(const Dart& dart, const std::vector<uint64_t>& known, Side side) {
  const auto spare = static_cast<size_t>(dart.shift) / 64 + 3;
  Fixed height(known.size() + spare, side);
  height.AddScaled(dart.level, dart.shift);
  int64_t exponent = dart.shift;
  for (const uint64_t word : known) height.AddScaled(word, exponent += 64);
  if (side == Side::kAbove) height.SetBit(exponent);
  return height;
}

}  // namespace

Exponent BellExponent(uint64_t x, uint64_t stddev) {
  const uint64_t denominator = 2 * stddev * stddev;
  const uint128 numerator = static_cast<uint128>(x) * x;
  if (std::has_single_bit(denominator)) {  // as on every grid: the same without a division
    return {static_cast<uint64_t>(numerator >> std::countr_zero(denominator)),
            static_cast<uint64_t>(numerator) & (denominator - 1), denominator};
  }
  return {static_cast<uint64_t>(numerator / denominator),
          static_cast<uint64_t>(numerator % denominator), denominator};
}

// Horner's scheme for e^-δ with δ = n/64d < 1/4, then six squarings. Each Horner step errs by at
// most 4 units (three floors, a reciprocal), damped by δ at the next: at most 6 in all, and the
// cut series by less than one. Squaring doubles the error and adds 2: (7 + 2)·64 < kBellSlack.
uint64_t BellHeight(const Exponent& exponent) {
  const uint128 scaled = static_cast<uint128>(exponent.numerator) << 58;
  const uint128 part = std::has_single_bit(exponent.denominator)
                           ? scaled >> std::countr_zero(exponent.denominator)
                           : scaled / exponent.denominator;
  const uint64_t delta = (exponent.whole << 58) + static_cast<uint64_t>(part);
  uint64_t value = kOne;
  for (uint64_t j = kTerms; j >= 1; --j) {
    uint64_t step = MultiplyHigh(delta, value);
    if (j > 1) step = MultiplyHigh(step, ~uint64_t{0} / j);
    value = kOne - step;
  }
  for (int i = 0; i < kSquarings; ++i) value = MultiplyHigh(value, value) << 1;
  return value;
}

// Between two edges w apart, exp(−x²/2σ²) is at most w²/8 times its largest second derivative off
// the straight line through its values there, and that is at most 1/σ². The rest is for errors of
// the two heights and of a slope in whole units (w <= 2^23 of them).
BellLine BellLineOver(uint64_t first, uint64_t width, uint64_t stddev) {
  const uint64_t left = BellHeight(BellExponent(first, stddev));
  const uint64_t right = BellHeight(BellExponent(first + width, stddev));
  const uint128 bend = (static_cast<uint128>(width) * width << 60) / stddev / stddev;
  return {left, (left - std::min(left, right)) / width,
          static_cast<uint64_t>(bend) + (uint64_t{1} << 25)};
}

std::optional<bool> IsUnderLine(const Dart& dart, uint64_t place, const BellLine& line) {
  const uint64_t at = line.left - line.slope * place;
  const uint64_t height = (dart.level << (63 - dart.shift)) + (dart.first_word >> dart.shift >> 1);
  if (height + line.slack <= at) return true;
  if (height >= at + line.slack) return false;
  return std::nullopt;
}

bool IsUnderBellSlowly(const Dart& dart, const Exponent& exponent, Words& words) {
  std::vector<uint64_t> known = {dart.first_word};
  while (true) {
    if (ReachesOne(HeightOf(dart, known, Side::kBelow), exponent, Side::kBelow)) return false;
    if (!ReachesOne(HeightOf(dart, known, Side::kAbove), exponent, Side::kAbove)) return true;
    known.push_back(words.Next());
  }
}

bool IsUnderBell(const Dart& dart, const Exponent& exponent, Words& words) {
  if (exponent.whole < 16 && dart.shift <= 63) {
    // y·2^63 lies in [height, height + 1].
    const uint64_t below =
        dart.shift == 0 ? dart.first_word >> 1 : dart.first_word >> dart.shift >> 1;
    const uint64_t height = (dart.level << (63 - dart.shift)) + below;
    const uint64_t bell = BellHeight(exponent);
    if (height + 1 + kBellSlack <= bell) return true;
    if (height >= bell + kBellSlack) return false;
  }
  return IsUnderBellSlowly(dart, exponent, words);
}

}  // namespace mutual::privacy
