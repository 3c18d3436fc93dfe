#include "privacy/noise_stock.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/catch.h"
#include "tests/support/seeded_random.h"

namespace mutual::privacy {
namespace {

constexpr int64_t kStddev = int64_t{1} << 28;  // two samples are equal once in 10^9

std::vector<int64_t> Take(NoiseSource& noise, size_t count, int64_t stddev = kStddev) {
  std::vector<int64_t> values(count, 0);
  noise.AddNoise(stddev, values);
  return values;
}

// What a plain sampler with the same randomness gives, call by call.
std::vector<int64_t> Expected(uint64_t seed, const std::vector<size_t>& counts) {
  testing::SeededRandom random(seed);
  DiscreteGaussian noise(random, 1);
  std::vector<int64_t> all;
  for (const size_t count : counts) {
    const std::vector<int64_t> part = Take(noise, count);
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

size_t EqualPlaces(const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
  size_t equal = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) equal += a[i] == b[i] ? 1 : 0;
  return equal;
}

}  // namespace

TEST_CASE("⚔ What was drawn ahead is used once, in order, and nothing of it twice", "[noise]") {
  testing::SeededRandom random(3);
  NoiseStock noise(random, 1);
  noise.Prepare(kStddev, 500);
  REQUIRE(noise.AwaitPrepared() == 500);
  const std::vector<int64_t> first = Take(noise, 500), second = Take(noise, 500);
  REQUIRE(noise.AwaitPrepared() == 0);
  std::vector<int64_t> both = first;
  both.insert(both.end(), second.begin(), second.end());
  // Exactly the sampler's stream: every sample appears once. The comparison sees reuse, because
  // the stream itself has no two equal samples.
  const std::vector<int64_t> expected = Expected(3, {500, 500});
  CHECK(both == expected);
  std::vector<int64_t> sorted = expected;
  std::sort(sorted.begin(), sorted.end());
  CHECK(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
}

TEST_CASE("⚔ A stock's remainder is thrown away, not kept for the next vector", "[noise]") {
  testing::SeededRandom random(4);
  NoiseStock noise(random, 1);
  noise.Prepare(kStddev, 300);
  noise.AwaitPrepared();
  const std::vector<int64_t> shorter = Take(noise, 100), next = Take(noise, 100);
  const std::vector<int64_t> stream = Expected(4, {300, 100});
  CHECK(std::equal(shorter.begin(), shorter.end(), stream.begin()));
  CHECK(std::equal(next.begin(), next.end(), stream.begin() + 300));
}

TEST_CASE("⚔ Noise of one standard deviation never serves another", "[noise]") {
  testing::SeededRandom random(5);
  NoiseStock noise(random, 1);
  noise.Prepare(64, 2000);
  noise.AwaitPrepared();
  const std::vector<int64_t> values = Take(noise, 2000);
  // Were the small noise used, no value would be beyond 64·10.
  CHECK(std::count_if(values.begin(), values.end(), [](int64_t x) { return std::llabs(x) > 640; }) >
        1900);
  CHECK(noise.AwaitPrepared() == 0);
}

TEST_CASE("⚔ Two preparations in a row share nothing", "[noise]") {
  testing::SeededRandom random(6);
  NoiseStock noise(random, 1);
  noise.Prepare(kStddev, 400);
  noise.AwaitPrepared();
  noise.Prepare(kStddev, 400);
  noise.AwaitPrepared();
  const std::vector<int64_t> values = Take(noise, 400);
  const std::vector<int64_t> stream = Expected(6, {400, 400});
  CHECK(std::equal(values.begin(), values.end(), stream.begin() + 400));
}

TEST_CASE("A vector longer than its stock gets fresh noise for the rest", "[noise]") {
  crypto::SystemRandom random;
  NoiseStock noise(random, 2);
  noise.Prepare(kStddev, 1000);
  // Whatever was ready by now, all are there and independent of the next vector.
  const std::vector<int64_t> values = Take(noise, 300'000);
  double squares = 0;
  for (const int64_t x : values) {
    squares += std::pow(static_cast<double>(x) / static_cast<double>(kStddev), 2);
  }
  // Seven standard errors: fails by chance once in 10^11.
  CHECK(std::fabs(squares / 300'000 - 1) < 7 * std::sqrt(2.0 / 300'000));
  // By chance once in 3000 for a whole vector; five are never equal by chance.
  CHECK(EqualPlaces(values, Take(noise, 300'000)) < 5);
}

TEST_CASE("Drawing ahead stops when the node goes away or wants its noise", "[noise]") {
  crypto::SystemRandom random;
  {
    NoiseStock noise(random, 1);
    noise.Prepare(kStddev, size_t{1} << 24);
  }
  NoiseStock noise(random, 1);
  noise.Prepare(kStddev, size_t{1} << 40);  // no more than 2^24 are ever kept
  const std::vector<int64_t> values = Take(noise, 10);
  CHECK(EqualPlaces(values, Take(noise, 10)) == 0);
  CHECK(noise.AwaitPrepared() == 0);
}

}  // namespace mutual::privacy
