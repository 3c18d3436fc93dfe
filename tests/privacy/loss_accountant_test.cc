#include "privacy/loss_accountant.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "privacy/gaussian_curve.h"
#include "tests/catch.h"
#include "tests/privacy/epsilon_reference.h"

namespace mutual::privacy {
namespace {

double LossFor(const std::vector<Phase>& phases, double delta) {
  const auto epsilon = GaussianLossEpsilon(phases, delta);
  REQUIRE_OK(epsilon);
  return *epsilon;
}

// What the reference demands of a figure.
bool Agrees(double epsilon, const ReferenceRow& row) {
  return epsilon >= 0.999 * row.pld && epsilon <= 1.01 * row.pld;
}

// δ(ε) of two rounds by a double integral over x, with nothing shared with the accountant.
struct Pair {
  Phase first, second;
  bool is_removal;
};
double LossDensity(const Phase& phase, double x, bool is_removal, double* loss) {
  const double z = phase.noise_multiplier, q = phase.sampling_rate;
  const double plain = std::exp(-x * x / (2 * z * z)) / (z * std::sqrt(2 * std::numbers::pi));
  const double ratio = 1 - q + q * std::exp((2 * x - 1) / (2 * z * z));
  *loss = is_removal ? std::log(ratio) : -std::log(ratio);
  return is_removal ? plain * ratio : plain;
}
double BruteForceDelta(const Pair& pair, double epsilon) {
  constexpr int kPoints = 3000;
  const auto place = [](const Phase& phase, int i) {
    const double low = -9 * phase.noise_multiplier, high = 1 + 9 * phase.noise_multiplier;
    return low + (i + 0.5) * (high - low) / kPoints;
  };
  const double area = (1 + 18 * pair.first.noise_multiplier) / kPoints *
                      (1 + 18 * pair.second.noise_multiplier) / kPoints;
  std::vector<double> masses(kPoints), losses(kPoints);
  for (int j = 0; j < kPoints; ++j) {
    masses[static_cast<size_t>(j)] = LossDensity(pair.second, place(pair.second, j),
                                                 pair.is_removal, &losses[static_cast<size_t>(j)]);
  }
  double delta = 0;
  for (int i = 0; i < kPoints; ++i) {
    double loss = 0;
    const double mass = LossDensity(pair.first, place(pair.first, i), pair.is_removal, &loss);
    for (size_t j = 0; j < kPoints; ++j) {
      const double total = loss + losses[j];
      if (total > epsilon) delta += mass * masses[j] * -std::expm1(epsilon - total);
    }
  }
  return delta * area;
}
double BruteForceDelta(const Phase& first, const Phase& second, double epsilon) {
  return std::max(BruteForceDelta({first, second, true}, epsilon),
                  BruteForceDelta({first, second, false}, epsilon));
}

TEST_CASE("Every reference row is met within 1 %, and never missed from below by 0.1 %", "[loss]") {
  for (const ReferenceRow& row : ReferenceRows()) {
    CAPTURE(row.phases[0].noise_multiplier, row.phases[0].sampling_rate, row.phases[0].rounds,
            row.delta, row.pld);
    const double continuous = LossFor(row.phases, row.delta);
    CHECK(Agrees(continuous, row));
    CHECK_THAT(continuous, WithinRel(row.pld, 5e-4));  // much closer than is asked
    CHECK(Agrees(*LossEpsilonOf(row.phases, row.delta), row));
    CHECK(*LossEpsilonOf(row.phases, row.delta) >= continuous * (1 - 1e-5));
  }
}

TEST_CASE("The comparison with the reference notices 1 % of noise and 2 % of rounds", "[loss]") {
  int more_noise = 0, fewer_rounds = 0, rows = 0;
  for (ReferenceRow row : ReferenceRows()) {
    if (row.phases.size() > 1 || row.phases[0].rounds < 100) continue;
    ++rows;
    ReferenceRow noisy = row, shorter = row;
    noisy.phases[0].noise_multiplier *= 1.01;
    shorter.phases[0].rounds -= shorter.phases[0].rounds / 50;
    more_noise += Agrees(LossFor(noisy.phases, row.delta), row) ? 0 : 1;
    fewer_rounds += Agrees(LossFor(shorter.phases, row.delta), row) ? 0 : 1;
  }
  CHECK(rows == 34);
  CHECK(more_noise == rows);
  CHECK(fewer_rounds == rows);
}

// Without truncated tails the tilted law would be captured by a far tail, 0.7 % too low.
TEST_CASE("A row that a far tail would capture is right", "[loss]") {
  const double epsilon = LossFor({{2, 1e-4, 100'000}}, 1e-7);
  CHECK(epsilon >= 0.06851);
  CHECK(epsilon <= 0.06856);
}

TEST_CASE("Two rounds agree with a double integral, and are not below it", "[loss]") {
  const double delta = GENERATE(1e-2, 1e-5);
  const Phase first{GENERATE(0.8, 2.0), GENERATE(0.02, 0.7), 1};
  const Phase second{GENERATE(1.0, 3.0), GENERATE(0.3, 1.0), 1};
  const double epsilon = LossFor({first, second}, delta);
  CAPTURE(delta, epsilon, first.noise_multiplier, first.sampling_rate, second.noise_multiplier,
          second.sampling_rate);
  CHECK(BruteForceDelta(first, second, epsilon) <= delta * (1 + 1e-4));
  if (epsilon > 0) {
    CHECK(BruteForceDelta(first, second, epsilon * (1 - 1e-3)) > delta);
  }
}

TEST_CASE("Both directions count: at small epsilon removing is not always the worse", "[loss]") {
  const Phase phase{1, 0.5, 1};
  const double epsilon = LossFor({phase, phase}, 0.1);
  const double removed = BruteForceDelta({phase, phase, true}, epsilon);
  const double added = BruteForceDelta({phase, phase, false}, epsilon);
  CHECK_THAT(std::max(removed, added), WithinRel(0.1, 1e-3));
  CHECK(std::min(removed, added) < 0.0999);
}

TEST_CASE("Without sampling the figure is the Gaussian's own", "[loss]") {
  const double noise = GENERATE(0.3, 1.0, 20.0);
  const uint64_t rounds = GENERATE(1u, 7u, 400u);
  const double delta = GENERATE(1e-3, 1e-9);
  const double mu = std::sqrt(static_cast<double>(rounds)) / noise;
  CHECK_THAT(LossFor({{noise, 1, rounds}}, delta), WithinRel(GaussianEpsilon(mu, delta), 1e-12));
  // The composition, forced by one round that hardly samples, agrees with the closed form.
  if (mu < 20) {
    CHECK_THAT(LossFor({{noise, 1, rounds}, {1000, 1e-9, 1}}, delta),
               WithinRel(GaussianEpsilon(mu, delta), 2e-4));
  }
}

TEST_CASE("The Gaussian's curve meets its definition", "[loss]") {
  const double mu = GENERATE(1e-3, 0.5, 3.0, 40.0);
  const double delta = GENERATE(1e-2, 1e-6, 1e-30);
  const double epsilon = GaussianEpsilon(mu, delta);
  CAPTURE(mu, delta, epsilon);
  CHECK(GaussianDelta(mu, epsilon) <= delta);
  if (epsilon > 0) CHECK(GaussianDelta(mu, epsilon * (1 - 1e-8)) > delta);
  // Φ(μ/2) − Φ(−μ/2) at ε = 0.
  CHECK_THAT(GaussianDelta(mu, 0), WithinRel(1 - 2 * NormalTail(mu / 2), 1e-9));
}

TEST_CASE("How a plan is written down does not change its figure", "[loss]") {
  const Phase a{1, 0.01, 300}, b{2, 0.05, 40}, c{3, 1, 5};
  const double whole = LossFor({a, b, c}, 1e-6);
  CHECK(LossFor({c, b, a}, 1e-6) == whole);
  CHECK(LossFor({b, c, a}, 1e-6) == whole);
  CHECK(LossFor({a, b, c, {1, 0.5, 0}}, 1e-6) == whole);
  const std::vector<Phase> copies(300, Phase{1, 0.01, 1});
  CHECK(LossFor(copies, 1e-6) == LossFor({a}, 1e-6));
  const std::vector<Phase> gaussians(5, Phase{3, 1, 1});
  CHECK_THAT(LossFor(gaussians, 1e-6), WithinRel(LossFor({c}, 1e-6), 1e-12));
}

TEST_CASE("More rounds, more members, less noise and less delta cost more", "[loss]") {
  const Phase base{GENERATE(0.7, 1.5), GENERATE(0.001, 0.1), GENERATE(20u, 2000u)};
  const double epsilon = LossFor({base}, 1e-6);
  const auto with = [&base](double noise, double rate, double rounds) {
    return Phase{base.noise_multiplier * noise, base.sampling_rate * rate,
                 static_cast<uint64_t>(static_cast<double>(base.rounds) * rounds)};
  };
  CHECK(LossFor({with(1, 1, 1.1)}, 1e-6) > epsilon);
  CHECK(LossFor({with(1, 1.02, 1)}, 1e-6) > epsilon);
  CHECK(LossFor({with(0.98, 1, 1)}, 1e-6) > epsilon);
  CHECK(LossFor({base}, 0.9e-6) > epsilon);
  CHECK(LossFor({base, {5, 0.01, 10}}, 1e-6) > epsilon);
}

TEST_CASE("A tiny delta keeps its relative accuracy", "[loss]") {
  const double mu = 0.5;
  const double wanted = GaussianEpsilon(mu, 1e-30);
  CHECK_THAT(LossFor({{2, 1, 1}, {1000, 1e-9, 1}}, 1e-30), WithinRel(wanted, 2e-4));
}

TEST_CASE("The lattice's share is small and never negative", "[loss]") {
  const double noise = GENERATE(0.2, 0.64, 1.0, 100.0, 1e6);
  CHECK(ContinuousMultiplier(noise) <= noise);
  CHECK(ContinuousMultiplier(noise) >= noise * (1 - 5e-4));
  CHECK_THAT(*LossEpsilonOf(std::vector<Phase>{{2, 0.1, 200}}, 1e-6),
             WithinRel(LossFor({{2, 0.1, 200}}, 1e-6), 1e-3));
}

TEST_CASE("Nothing done costs no loss, and bad input is refused as by the Rényi accountant",
          "[loss]") {
  CHECK(LossFor({}, 1e-6) == 0);
  CHECK(LossFor({{1, 0.5, 0}}, 1e-6) == 0);
  CHECK(LossFor({{5, 0.01, 1}}, 0.5) < 1e-9);
  const std::vector<Phase> bad{{0.1, 0.5, 1}}, good{{1, 0.5, 1}};
  CHECK(absl::IsInvalidArgument(GaussianLossEpsilon(bad, 1e-6).status()));
  CHECK(absl::IsInvalidArgument(LossEpsilonOf(good, 0).status()));
}

TEST_CASE("Over the whole range the figure is finite and at most the Rényi figure",
          "[.slow][loss]") {
  for (double rate = 1e-11; rate < 2; rate *= 100) {
    for (const double noise : {0.2, 0.5, 1.0, 10.0, 1000.0}) {
      for (const uint64_t rounds : {uint64_t{1}, uint64_t{1000}, uint64_t{10'000'000}}) {
        const std::vector<Phase> phases{{noise, std::min(rate, 1.0), rounds}};
        CAPTURE(noise, rate, rounds);
        const auto epsilon = LossEpsilonOf(phases, 1e-6);
        REQUIRE_OK(epsilon);
        REQUIRE(std::isfinite(*epsilon));
        REQUIRE(*epsilon >= 0);
        REQUIRE(*epsilon <= EpsilonOf(phases, 1e-6)->epsilon);
      }
    }
  }
}

}  // namespace
}  // namespace mutual::privacy
