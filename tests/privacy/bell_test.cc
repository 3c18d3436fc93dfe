#include "privacy/bell.h"

#include <cmath>

#include "tests/support/seeded_random.h"

#include "tests/catch.h"

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
    const long double truth =
        0x1p63L * std::exp(-(static_cast<long double>(e.whole) +
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
