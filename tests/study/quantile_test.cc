// Quantiles of noisy bins: monotone, inside the edges, with bands that hold what they say.
#include "study/quantile.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "tests/catch.h"

namespace mutual::study {
namespace {

const std::vector<double> kEdges = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

}  // namespace

TEST_CASE("Isotonic keeps what is sorted and pools what is not", "[study]") {
  REQUIRE(Isotonic({1, 2, 2, 5}) == std::vector<double>{1, 2, 2, 5});
  REQUIRE(Isotonic({3, 1}) == std::vector<double>{2, 2});
  REQUIRE(Isotonic({1, 4, 2, 0, 9}) == std::vector<double>{1, 2, 2, 2, 9});
  REQUIRE(Isotonic({}).empty());
}

TEST_CASE("Isotonic is the nearest non-decreasing sequence", "[study]") {
  // No small step of a pooled result that keeps the order comes nearer (the problem is convex).
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal(0, 1);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> values(6);
    for (double& value : values) value = normal(random);
    const std::vector<double> best = Isotonic(values);
    REQUIRE(std::is_sorted(best.begin(), best.end()));
    const auto distance = [&](const std::vector<double>& other) {
      double sum = 0;
      for (size_t i = 0; i < 6; ++i) sum += std::pow(values[i] - other[i], 2);
      return sum;
    };
    for (int step = 0; step < 50; ++step) {
      std::vector<double> other = best;
      for (double& value : other) value += 0.01 * normal(random);
      std::sort(other.begin(), other.end());
      REQUIRE(distance(other) >= distance(best) - 1e-12);
    }
  }
}

TEST_CASE("Quantiles never decrease and stay inside the edges, whatever the noise", "[study]") {
  std::mt19937_64 random(2);
  std::normal_distribution<double> noise(20, 60);
  std::vector<double> wanted;
  for (int i = 1; i < 100; ++i) wanted.push_back(i / 100.0);
  int found = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    BinnedCounts bins{kEdges, std::vector<double>(10), trial % 2 == 0 ? 5.0 : 60.0, 1};
    for (double& count : bins.counts) count = noise(random);
    double last = 0;
    for (const Quantile& quantile : QuantilesOf(bins, wanted)) {
      ++found;
      REQUIRE(quantile.value >= last);
      REQUIRE(quantile.low >= 0);
      REQUIRE(quantile.low <= quantile.value);
      REQUIRE(quantile.value <= quantile.high);
      REQUIRE(quantile.high <= 10);
      last = quantile.value;
    }
  }
  REQUIRE(found > 10000);
}

TEST_CASE("A median between two groups is the middle between them", "[study]") {
  const BinnedCounts bins{kEdges, {0, 50, 0, 0, 0, 0, 0, 0, 50, 0}, 0, 1};
  REQUIRE(QuantilesOf(bins, {0.5})[0].value == 5);
}

TEST_CASE("Too few members have no quantiles", "[study]") {
  REQUIRE(QuantilesOf({kEdges, std::vector<double>(10, 0.9), 0, 1}, {0.5}).empty());
  REQUIRE(QuantilesOf({kEdges, std::vector<double>(10, 5.0), 10, 1}, {0.5}).empty());
  REQUIRE(QuantilesOf({kEdges, std::vector<double>(10, std::nan("")), 10, 1}, {0.5}).empty());
}

// Members drawn from a triangle on [0, 10] (median 10·√½), noise of 20 on each bin. The band is
// meant to hold the true value in 95 % of 2000 trials, standard deviation 0.5 %; the limits are six
// of them away, and two points for the linear density inside bins: a false failure is below 1e-8.
TEST_CASE("The band of a quantile holds the true value as often as it says", "[study]") {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> unit(0, 1);
  std::normal_distribution<double> noise(0, 20);
  constexpr int kTrials = 2000;
  int held = 0;
  double squares = 0, stated = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    BinnedCounts bins{kEdges, std::vector<double>(10), 20, 1};
    for (int member = 0; member < 1500; ++member) {
      ++bins.counts[static_cast<size_t>(10 * std::sqrt(unit(random)))];
    }
    for (double& count : bins.counts) count += noise(random);
    const Quantile median = QuantilesOf(bins, {0.5})[0];
    const double truth = 10 * std::sqrt(0.5);
    held += median.low <= truth && truth <= median.high ? 1 : 0;
    squares += std::pow(median.value - truth, 2) / kTrials;
    stated += (median.high - median.low) / (2 * 1.96) / kTrials;
  }
  REQUIRE(held > 0.90 * kTrials);
  REQUIRE(held < 0.995 * kTrials);
  REQUIRE_THAT(std::sqrt(squares), WithinRel(stated, 0.15));
}

}  // namespace mutual::study
