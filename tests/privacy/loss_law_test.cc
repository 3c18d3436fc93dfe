#include "privacy/loss_law.h"

#include <cmath>
#include <complex>
#include <numbers>

#include "privacy/fourier.h"
#include "privacy/gaussian_curve.h"
#include "tests/catch.h"

namespace mutual::privacy {
namespace {

// δ(ε) of a law on the grid.
double DeltaOf(const LossLaw& law, double step, double epsilon) {
  double delta = law.infinite;
  for (size_t i = 0; i < law.mass.size(); ++i) {
    const double loss = static_cast<double>(law.first + static_cast<int64_t>(i)) * step;
    if (loss > epsilon) delta += law.mass[i] * -std::expm1(epsilon - loss);
  }
  return delta;
}

// The truth for one round: P(loss > ε) − e^ε Q(loss > ε).
double TrueDelta(const LossRound& round, bool is_removal, double epsilon) {
  const double z = round.noise_multiplier, q = round.sampling_rate;
  const double edge = std::exp(is_removal ? epsilon : -epsilon) - 1 + q;
  const double x = edge > 0 ? z * z * std::log(edge / q) + 0.5 : -INFINITY;
  if (is_removal) {
    const double plain = NormalTail(x / z), shifted = NormalTail((x - 1) / z);
    return (1 - q) * plain + q * shifted - std::exp(epsilon) * plain;
  }
  const double plain = NormalTail(-x / z), shifted = NormalTail((1 - x) / z);
  return plain - std::exp(epsilon) * ((1 - q) * plain + q * shifted);
}

TEST_CASE("A rounded law is exact at the grid points and above the truth between them", "[loss]") {
  const LossRound round{GENERATE(0.5, 1.0, 4.0), GENERATE(0.001, 0.3, 0.97)};
  const LossRange range = RangeOf(round, 1e-14);
  const double step = (range.high - range.low) / GENERATE(20, 500);
  const LossLaws laws = DiscretiseLoss(round, range, step);
  for (int i = 0; i < 8; ++i) {
    for (const double part : {0.0, 0.3, 0.5, 0.9}) {
      const double epsilon = (i + part) * step;
      CAPTURE(round.noise_multiplier, round.sampling_rate, step, epsilon);
      for (const bool is_removal : {true, false}) {
        const double truth = TrueDelta(round, is_removal, epsilon);
        const double found = DeltaOf(is_removal ? laws.remove : laws.add, step, epsilon);
        CHECK(found >= truth - 1e-15);
        if (part == 0) CHECK_THAT(found, WithinAbs(truth, 1e-13));
      }
    }
  }
}

TEST_CASE("A rounded law keeps both laws' mass", "[loss]") {
  const LossRound round{GENERATE(0.3, 2.0, 1000.0), GENERATE(1e-9, 0.1, 1.0)};
  const LossRange range = RangeOf(round, 1e-12);
  const double step = (range.high - range.low) / 3000;
  const LossLaws laws = DiscretiseLoss(round, range, step);
  for (const LossLaw* law : {&laws.remove, &laws.add}) {
    double mass = law->infinite, other = 0;
    for (size_t i = 0; i < law->mass.size(); ++i) {
      REQUIRE(law->mass[i] >= 0);
      mass += law->mass[i];
      other += law->mass[i] *
               std::exp(-static_cast<double>(law->first + static_cast<int64_t>(i)) * step);
    }
    CHECK_THAT(mass, WithinAbs(1, 1e-11));
    CHECK(mass >= 1 - 1e-13);
    CHECK(other <= 1 + 1e-11);
    CHECK(law->infinite <= 1.001e-12);
  }
}

TEST_CASE("The range leaves out what was asked for and no more", "[loss]") {
  const LossRound round{GENERATE(0.4, 3.0), GENERATE(0.01, 1.0)};
  const LossRange wide = RangeOf(round, 1e-12), narrow = RangeOf(round, 1e-4);
  CHECK(wide.low < narrow.low);
  CHECK(wide.high > narrow.high);
  CHECK(LossEdgeError(round, wide) < 1e-13);
  CHECK(LossEdgeError(round, wide) > 0);
}

TEST_CASE("Fast lengths have small prime factors only", "[loss]") {
  CHECK(FastLength(1) == 1);
  CHECK(FastLength(11) == 12);
  CHECK(FastLength(4097) == 4116);  // 2²·3·7³
  CHECK(FastLength(1 << 20) == 1 << 20);
}

TEST_CASE("Transforms agree with their definition within the stated error", "[loss]") {
  const size_t length = GENERATE(1, 2, 15, 96, 343, 1000);
  RealFourier fourier(length);
  std::vector<double> input(length);
  double size = 0;
  for (size_t j = 0; j < length; ++j) {
    input[j] = std::sin(3.7 * static_cast<double>(j * j)) + 0.25;
    size += std::fabs(input[j]);
    fourier.real()[j] = input[j];
  }
  fourier.Forward();
  for (size_t k = 0; k < fourier.frequencies().size(); ++k) {
    std::complex<long double> sum = 0;
    for (size_t j = 0; j < length; ++j) {
      const long double turn = static_cast<long double>(j * k % length) / length;
      sum += std::polar(static_cast<long double>(1), -2 * std::numbers::pi_v<long double> * turn) *
             static_cast<long double>(input[j]);
    }
    const std::complex<double> expected(static_cast<double>(sum.real()),
                                        static_cast<double>(sum.imag()));
    CHECK(std::abs(fourier.frequencies()[k] - expected) <= fourier.error() * size);
  }
  fourier.Inverse();
  for (size_t j = 0; j < length; ++j) CHECK_THAT(fourier.real()[j], WithinAbs(input[j], 1e-13));
}

}  // namespace
}  // namespace mutual::privacy
