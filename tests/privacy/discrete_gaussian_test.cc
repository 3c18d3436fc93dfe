#include "privacy/discrete_gaussian.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "privacy/words.h"
#include "tests/catch.h"
#include "tests/support/seeded_random.h"

namespace mutual::privacy {
namespace {

// Histogram over cells of `cell` integers each; the two outermost cells hold everything beyond.
struct Histogram {
  std::vector<double> counts;
  std::vector<double> probabilities;
};

// Cells of width `cell` between ±last·cell, by summing exp(−x²/2σ²) over their integers.
std::vector<double> ExactProbabilities(double stddev, int64_t cell, int64_t last) {
  std::vector<double> weights(static_cast<size_t>(2 * last + 1), 0.0);
  double total = 0;
  const auto reach = static_cast<int64_t>(12 * stddev) + cell;
  for (int64_t x = -reach; x <= reach; ++x) {
    const double z = static_cast<double>(x) / stddev;
    const double weight = std::exp(-z * z / 2);
    const int64_t place = std::clamp(
        static_cast<int64_t>(std::floor((static_cast<double>(x) + static_cast<double>(cell) / 2) /
                                        static_cast<double>(cell))),
        -last, last);
    weights[static_cast<size_t>(place + last)] += weight;
    total += weight;
  }
  for (double& weight : weights) weight /= total;
  return weights;
}

template <typename Sampler>
Histogram Draw(Sampler&& sample, double stddev, int count) {
  const auto cell = std::max<int64_t>(1, static_cast<int64_t>(stddev / 5));
  const auto last = static_cast<int64_t>(3.2 * stddev / static_cast<double>(cell)) + 1;
  Histogram histogram{std::vector<double>(static_cast<size_t>(2 * last + 1), 0.0),
                      ExactProbabilities(stddev, cell, last)};
  for (int i = 0; i < count; ++i) {
    const auto x = static_cast<double>(sample());
    const int64_t place =
        std::clamp(static_cast<int64_t>(
                       std::floor((x + static_cast<double>(cell) / 2) / static_cast<double>(cell))),
                   -last, last);
    histogram.counts[static_cast<size_t>(place + last)] += 1;
  }
  return histogram;
}

// Chi-square in standard deviations of its law above its mean (Wilson and Hilferty's cube root):
// a standard normal number when the sampler is right.
double ChiSquareScore(const Histogram& histogram, int count) {
  double chi_square = 0, degrees = -1;
  for (size_t i = 0; i < histogram.counts.size(); ++i) {
    const double expected = histogram.probabilities[i] * count;
    chi_square += (histogram.counts[i] - expected) * (histogram.counts[i] - expected) / expected;
    degrees += 1;
  }
  const double spread = 2 / (9 * degrees);
  return (std::cbrt(chi_square / degrees) - (1 - spread)) / std::sqrt(spread);
}

// A score above this has probability 1e-9 for a right sampler.
constexpr double kLimit = 6.0;

}  // namespace

TEST_CASE("Samples have the exact probabilities of the discrete Gaussian", "[discrete_gaussian]") {
  const int64_t stddev = GENERATE(1, 2, 3, 5, 7, 10, 16, 17, 64, 100, 1000, 1024);
  testing::SeededRandom random(static_cast<uint64_t>(stddev));
  DiscreteGaussian sampler(random, 1);
  constexpr int kCount = 200'000;
  const Histogram histogram =
      Draw([&] { return sampler.Sample(stddev); }, static_cast<double>(stddev), kCount);
  CAPTURE(stddev);
  CHECK(ChiSquareScore(histogram, kCount) < kLimit);
  // The same of many at once, which decides most darts in another way.
  std::vector<int64_t> many(kCount, 0);
  sampler.AddNoise(stddev, many);
  size_t next = 0;
  const Histogram of_many = Draw([&] { return many[next++]; }, static_cast<double>(stddev), kCount);
  CHECK(ChiSquareScore(of_many, kCount) < kLimit);
}

TEST_CASE("Wrong samplers fail the same check", "[discrete_gaussian]") {
  constexpr int kCount = 200'000;
  testing::SeededRandom random(21);
  DiscreteGaussian sampler(random, 1);
  Words words(random);
  SECTION("a standard deviation two per cent too small") {
    const auto wrong = [&] { return sampler.Sample(98); };
    CHECK(ChiSquareScore(Draw(wrong, 100, kCount), kCount) > kLimit);
  }
  SECTION("zero with both signs") {
    const auto wrong = [&] {
      const int64_t x = sampler.Sample(7);
      return x == 0 || words.Below(20) != 0 ? x : 0;
    };
    CHECK(ChiSquareScore(Draw(wrong, 7, kCount), kCount) > kLimit);
  }
  SECTION("a sum of uniform numbers with the right mean and variance") {
    const auto wrong = [&] {
      double sum = 0;
      for (int i = 0; i < 12; ++i) sum += static_cast<double>(words.Next()) * 0x1p-64;
      return std::llround((sum - 6) * 64);
    };
    CHECK(ChiSquareScore(Draw(wrong, 64, 3 * kCount), 3 * kCount) > kLimit);
  }
}

TEST_CASE("Moments are those of the discrete Gaussian at the sizes used", "[discrete_gaussian]") {
  // Each of five figures is judged at 6 standard errors, for three σ: false failures 3e-8.
  const int64_t stddev = GENERATE(int64_t{1} << 16, int64_t{1} << 28, (int64_t{1} << 27) + 12345);
  testing::SeededRandom random(22);
  DiscreteGaussian sampler(random, 1);
  std::vector<int64_t> noise(1'000'000, 0);
  sampler.AddNoise(stddev, noise);
  double sum = 0, squares = 0, cubes = 0, fourths = 0, odd = 0;
  for (const int64_t value : noise) {
    const double x = static_cast<double>(value) / static_cast<double>(stddev);
    sum += x;
    squares += x * x;
    cubes += x * x * x;
    fourths += x * x * x * x;
    odd += static_cast<double>(value & 1);
  }
  const double n = static_cast<double>(noise.size()), root = std::sqrt(n);
  CHECK_THAT(sum / n, WithinAbs(0, 6 / root));
  CHECK_THAT(squares / n, WithinAbs(1, 6 * std::sqrt(2.0) / root));
  CHECK_THAT(cubes / n, WithinAbs(0, 6 * std::sqrt(15.0) / root));
  CHECK_THAT(fourths / n, WithinAbs(3, 6 * std::sqrt(96.0) / root));
  CHECK_THAT(odd / n, WithinAbs(0.5, 3 / root));
}

TEST_CASE("The tail beyond five standard deviations is there, and not too heavy",
          "[discrete_gaussian]") {
  // σ = 1: P(|x| >= 5) = 2·(e^-12.5 + e^-18 + …)/2.5066 = 2.99e-6. Of 4e6 samples 11.9 are
  // expected; outside 1 to 40 with probability 7e-6·… below 1e-4 before seeding; the seed is fixed.
  testing::SeededRandom random(23);
  DiscreteGaussian sampler(random, 1);
  std::vector<int64_t> noise(4'000'000, 0);
  sampler.AddNoise(1, noise);
  int64_t beyond = 0;
  for (const int64_t x : noise) beyond += x >= 5 || x <= -5;
  CHECK(beyond >= 1);
  CHECK(beyond <= 40);
}

TEST_CASE("Noise is added to what is there, by several threads, all different",
          "[discrete_gaussian]") {
  testing::SeededRandom random(24);
  DiscreteGaussian sampler(random, 3);
  constexpr size_t kSize = 3 * (1 << 16) + 5;
  std::vector<int64_t> values(kSize, int64_t{1} << 40);
  sampler.AddNoise(1 << 20, values);
  const int64_t limit = int64_t{9} << 20;
  for (const int64_t value : values) REQUIRE(std::abs(value - (int64_t{1} << 40)) < limit);
  // The threads' parts are different noise.
  const size_t share = (kSize + 2) / 3;
  size_t equal = 0;
  for (size_t i = 0; i + 2 * share < kSize; ++i) {
    equal += values[i] == values[i + share] || values[i + share] == values[i + 2 * share];
  }
  CHECK(equal < 10);
  std::vector<int64_t> none;
  sampler.AddNoise(64, none);
}

TEST_CASE("The same seed gives the same noise", "[discrete_gaussian]") {
  testing::SeededRandom random_a(25), random_b(25), random_c(26);
  DiscreteGaussian a(random_a, 1), b(random_b, 1), c(random_c, 1);
  std::vector<int64_t> from_a(100, 0), from_b(100, 0), from_c(100, 0);
  a.AddNoise(4096, from_a);
  b.AddNoise(4096, from_b);
  c.AddNoise(4096, from_c);
  CHECK(from_a == from_b);
  CHECK(from_a != from_c);
}

TEST_CASE("The self-test passes on a sound generator", "[discrete_gaussian]") {
  testing::SeededRandom random(27);
  DiscreteGaussian sampler(random, 2);
  for (int i = 0; i < 20; ++i) REQUIRE_OK(sampler.SelfTest());
}

}  // namespace mutual::privacy
