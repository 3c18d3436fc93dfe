#include "privacy/bell.h"

#include <cmath>

#include "tests/catch.h"
#include "tests/support/seeded_random.h"

namespace mutual::privacy {
namespace {

// x uniform below 5.6σ, as far as the sampler asks for it outside its tail.
Exponent AnyExponent(Words& words) {
  const uint64_t stddev = 1 + words.Below(uint64_t{1} << (1 + words.Below(28)));
  return BellExponent(words.Below(5 * stddev + (stddev + 1) / 2 + 1), stddev);
}

// One word, then the end of the test.
class OneWord final : public crypto::RandomSource {
 public:
  explicit OneWord(uint64_t word) : word_(word) {}
  void Fill(std::span<uint8_t> out) override {
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<uint8_t>(word_ >> (8 * (i % 8)));
    ++fills;
  }
  int fills = 0;

 private:
  uint64_t word_;
};

}  // namespace

TEST_CASE("Exponents are exact quotients", "[bell]") {
  const Exponent exponent = BellExponent(7, 3);  // 49/18
  CHECK(exponent.whole == 2);
  CHECK(exponent.numerator == 13);
  CHECK(exponent.denominator == 18);
  const Exponent large = BellExponent((uint64_t{1} << 39) + 1, uint64_t{1} << 28);
  CHECK(large.whole == uint64_t{1} << 21);
  CHECK(large.numerator == (uint64_t{1} << 40) + 1);
}

TEST_CASE("The fixed-point bell is within its stated error", "[bell]") {
  testing::SeededRandom random(11);
  Words words(random);
  for (int i = 0; i < 20000; ++i) {
    const Exponent e = AnyExponent(words);
    const long double truth = 0x1p63L * std::exp(-(static_cast<long double>(e.whole) +
                                                   static_cast<long double>(e.numerator) /
                                                       static_cast<long double>(e.denominator)));
    const long double error = static_cast<long double>(BellHeight(e)) - truth;
    REQUIRE(std::fabs(static_cast<double>(error)) <= kBellSlack);
  }
}

TEST_CASE("The multi-word comparison knows the digits of 1/e", "[bell]") {
  // e^-1 = 0x0.5e2d58d8b3bcdf1a badec7829054f90d… : 64 digits, then 64 more.
  constexpr uint64_t kFirst = 0x5e2d58d8b3bcdf1a;
  constexpr uint64_t kSecond = 0xbadec7829054f90d;
  const Exponent one{1, 0, 1};
  OneWord unused(0);
  Words no_words(unused);
  CHECK(IsUnderBellSlowly({0, 0, kFirst - 1}, one, no_words));
  CHECK_FALSE(IsUnderBellSlowly({0, 0, kFirst + 1}, one, no_words));
  CHECK(unused.fills == 0);  // decided without another digit
  OneWord below(kSecond - 1), above(kSecond + 1);
  Words words_below(below), words_above(above);
  CHECK(IsUnderBellSlowly({0, 0, kFirst}, one, words_below));
  CHECK_FALSE(IsUnderBellSlowly({0, 0, kFirst}, one, words_above));
  CHECK(below.fills == 1);
}

TEST_CASE("The fast and the multi-word comparison agree, at the boundary too", "[bell]") {
  testing::SeededRandom random(12);
  Words words(random);
  for (int i = 0; i < 4000; ++i) {
    const Exponent exponent = AnyExponent(words);
    // Half of the darts land within a few thousand units of 2^-63 of the bell.
    uint64_t height = words.Next() >> 1;
    if (i % 2 == 0) height = BellHeight(exponent) - 8192 + words.Below(16384);
    if (height >> 63 != 0) continue;
    const Dart dart{height >> 55, 8, height << 9 | words.Below(512)};
    REQUIRE(IsUnderBell(dart, exponent, words) == IsUnderBellSlowly(dart, exponent, words));
  }
}

TEST_CASE("What a straight line tells of the bell is so, however near its slack", "[bell]") {
  testing::SeededRandom random(14);
  Words words(random);
  const uint64_t stddev = GENERATE(1, 7, 33, 64, 100003, 1 << 16, 1 << 28);
  const uint64_t width = (stddev + 31) / 32;
  int decided = 0;
  for (int i = 0; i < 3000; ++i) {
    const uint64_t first = words.Below(5 * stddev / width) * width, place = words.Below(width + 1);
    const BellLine line = BellLineOver(first, width, stddev);
    // A dart about the slack away from the line, on either side, and nearer.
    const uint64_t at = line.left - line.slope * place;
    const uint64_t off = i % 2 == 0 ? line.slack - 2 + words.Below(4) : words.Below(line.slack + 1);
    const bool is_above = (i & 2) != 0;
    if (is_above ? at + off >= uint64_t{1} << 63 : at < off) continue;
    const uint64_t height = is_above ? at + off : at - off;
    const Dart dart{height >> 55, 8, height << 9 | words.Below(512)};
    const auto told = IsUnderLine(dart, place, line);
    if (!told) continue;
    ++decided;
    REQUIRE(*told == IsUnderBellSlowly(dart, BellExponent(first + place, stddev), words));
  }
  CAPTURE(stddev);
  REQUIRE(decided > (stddev == 1 ? 0 : 200));
  // And it tells little else than what is far away.
  if (width > 1) REQUIRE(BellLineOver(0, width, stddev).slack < uint64_t{1} << 53);
}

TEST_CASE("Darts far out in the tail are decided", "[bell]") {
  testing::SeededRandom random(13);
  Words words(random);
  for (int block = 0; block < 100; ++block) {
    const auto x = static_cast<uint64_t>(5 + block) << 28;
    const Exponent exponent = BellExponent(x, uint64_t{1} << 28);
    // y is about 2^-(14+block), far above the bell; and a dart at almost zero at 5σ is below it.
    CHECK_FALSE(IsUnderBell({0, 13 + block, uint64_t{1} << 63}, exponent, words));
  }
  CHECK(IsUnderBell({0, 13, 1}, BellExponent(5, 1), words));
}

}  // namespace mutual::privacy
