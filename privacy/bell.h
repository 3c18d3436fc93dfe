// Is a dart under the bell curve exp(−n/d)? Decided exactly, in integers only.
#pragma once

#include <cstdint>
#include <optional>

#include "privacy/words.h"

namespace mutual::privacy {

// The exponent n/d of a height exp(−n/d); d in [1, 2^58], n/d < 2^60.
struct Exponent {
  uint64_t whole;        // ⌊n/d⌋
  uint64_t numerator;    // n mod d
  uint64_t denominator;  // d
};
// x²/(2σ²) for 0 <= x < 2^40 and 1 <= σ <= 2^28.
Exponent BellExponent(uint64_t x, uint64_t stddev);

// 2^63·exp(−n/d), wrong by at most kBellSlack, for n/d <= 16. Integer arithmetic only.
inline constexpr uint64_t kBellSlack = 2048;
uint64_t BellHeight(const Exponent& exponent);

// A dart at height y = (level + U)·2^-shift, where U is a uniform real number in [0, 1) of
// which only `first_word`, its first 64 binary digits, is known yet; level < 2^shift, shift <= 63
// unless level is 0.
struct Dart {
  uint64_t level;
  int shift;
  uint64_t first_word;
};

// True when y < exp(−n/d). Digits of U beyond the first word are drawn from `words` only when
// those known do not decide, so the answer has exactly the right probability.
bool IsUnderBell(const Dart& dart, const Exponent& exponent, Words& words);

// The bell over the integers `first`, …, `first` + width: within `slack` of `left` − place·`slope`,
// in units of 2^-63.
struct BellLine {
  uint64_t left, slope, slack;
};
BellLine BellLineOver(uint64_t first, uint64_t width, uint64_t stddev);
// Whether a dart at integer `first` + place is under the bell, where the line already tells.
std::optional<bool> IsUnderLine(const Dart& dart, uint64_t place, const BellLine& line);

// IsUnderBell with multi-word arithmetic alone (what the above falls back to about once in 2^50
// calls); the tests compare the two.
bool IsUnderBellSlowly(const Dart& dart, const Exponent& exponent, Words& words);

}  // namespace mutual::privacy
