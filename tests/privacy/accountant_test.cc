#include "privacy/accountant.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "privacy/renyi_integral.h"
#include "tests/privacy/epsilon_reference.h"
#include "tests/catch.h"

namespace mutual::privacy {
namespace {

double EpsilonFor(const std::vector<Phase>& phases, double delta) {
  const auto epsilon = EpsilonOf(phases, delta);
  REQUIRE_OK(epsilon);
  return epsilon->epsilon;
}

double RdpFor(const Phase& phase, int order) {
  const auto curve = CurveOf(phase);
  REQUIRE_OK(curve);
  for (size_t i = 0; i < curve->size(); ++i) {
    if (RenyiOrders()[i] == order) return (*curve)[i];
  }
  FAIL("order is not in the table");
  return 0;
}

// Simpson's rule over ±60z around the mass: independent of everything in the accountant.
double Integrate(const std::function<long double(long double)>& f, double z) {
  const int steps = 60000;
  const long double first = -40.0L * z - 10, last = 40.0L * z + 40, h = (last - first) / steps;
  long double sum = f(first) + f(last);
  for (int i = 1; i < steps; ++i) sum += f(first + h * i) * (i % 2 == 1 ? 4 : 2);
  return static_cast<double>(sum * h / 3);
}

// ln ∫ A^a·B^(1−a), A and B the subsampled and the plain Gaussian, in either direction.
double BruteForceMoment(const MomentPoint& point, bool is_removal) {
  const long double z = point.noise_multiplier, q = point.sampling_rate, a = point.order;
  return std::log(Integrate(
      [=](long double x) {
        const long double density = std::exp(-x * x / (2 * z * z)) /
                                    (z * std::sqrt(2 * std::numbers::pi_v<long double>));
        const long double ratio = 1 - q + q * std::exp((2 * x - 1) / (2 * z * z));
        return density * std::pow(ratio, is_removal ? a : 1 - a);
      },
      point.noise_multiplier));
}

TEST_CASE("Every reference row is at or above the privacy loss distribution's epsilon",
          "[accountant]") {
  for (const ReferenceRow& row : ReferenceRows()) {
    CAPTURE(row.phases[0].noise_multiplier, row.phases[0].sampling_rate, row.phases[0].rounds);
    CHECK(EpsilonFor(row.phases, row.delta) >= row.pld);
  }
}

TEST_CASE("Rows with noise multipliers from 0.7 are within 4 % of the reference", "[accountant]") {
  int compared = 0;
  for (const ReferenceRow& row : ReferenceRows()) {
    const bool is_noisy = std::all_of(row.phases.begin(), row.phases.end(), [](const Phase& phase) {
      return phase.noise_multiplier >= 0.7;
    });
    if (!is_noisy) continue;
    ++compared;
    CAPTURE(row.phases[0].noise_multiplier, row.phases[0].sampling_rate, row.phases[0].rounds);
    CHECK(EpsilonFor(row.phases, row.delta) <= 1.04 * row.rdp);
  }
  CHECK(compared == 41);
}

TEST_CASE("The reference points of the design hold", "[accountant]") {
  struct Point {
    double rate;
    uint64_t rounds;
    double noise;
    int honest;
    double epsilon;
  };
  const auto point = GENERATE(
      Point{0.02, 200, 1, 1, 2.64}, Point{0.02, 200, 1, 2, 1.25}, Point{0.02, 200, 1, 34, 0.21},
      Point{0.1, 200, 2, 1, 4.14}, Point{0.1, 200, 2, 2, 2.65}, Point{0.1, 200, 2, 34, 0.54},
      Point{0.1, 200, 2, 334, 0.16}, Point{1, 1, 1, 1, 5.22}, Point{1, 1, 2, 1, 2.42},
      Point{1, 1, 4, 1, 1.14});
  const Phase phase{PublicNoiseMultiplier(point.noise, point.honest), point.rate, point.rounds};
  const auto from_curve = EpsilonOf(*CurveOf(phase), 1e-6);
  REQUIRE_OK(from_curve);
  // The design's figures use integer orders and are printed to 0.01.
  CHECK_THAT(from_curve->epsilon, WithinAbs(point.epsilon, 0.0051));
  CHECK_THAT(EpsilonFor({phase}, 1e-6), WithinRel(from_curve->epsilon, 0.01));
}

TEST_CASE("Integer orders agree with numerical integration and are not below it", "[accountant]") {
  const int order = GENERATE(2, 3, 5, 8);
  const double noise = GENERATE(0.7, 1.0, 3.0);
  const double rate = GENERATE(0.001, 0.1, 0.9);
  const double truth = BruteForceMoment({static_cast<double>(order), noise, rate}, true);
  const double ours = RdpFor({noise, rate, 1}, order) * (order - 1);
  CHECK_THAT(ours, WithinRel(truth, 2e-8) || WithinAbs(truth, 1e-15));
  CHECK(ours >= truth - 1e-15);
}

TEST_CASE("Adding a member loses no more than removing one", "[accountant]") {
  const MomentPoint point{GENERATE(2.0, 3.0, 6.0), GENERATE(0.7, 2.0), GENERATE(0.01, 0.5)};
  CHECK(BruteForceMoment(point, false) <= BruteForceMoment(point, true) + 1e-15);
}

TEST_CASE("Orders between the integers agree with numerical integration", "[accountant]") {
  const MomentPoint point{GENERATE(1.1, 1.5, 2.0, 4.7, 8.3, 11.9), GENERATE(0.5, 0.7, 2.0),
                          GENERATE(0.001, 0.3, 0.99)};
  const double truth = BruteForceMoment(point, true);
  CAPTURE(point.order, point.noise_multiplier, point.sampling_rate);
  CHECK_THAT(LogMoment(point), WithinRel(truth, 2e-8) || WithinAbs(truth, 1e-15));
  CHECK(LogMoment(point) >= truth - 1e-15);
}

TEST_CASE("The integral at integer orders is the binomial sum over the whole range",
          "[accountant]") {
  const int order = GENERATE(2, 7, 12);
  const double noise = GENERATE(0.2, 1.0, 50.0, 1000.0);
  const double rate = GENERATE(1e-12, 1e-6, 0.02, 0.999);
  const double sum = RdpFor({noise, rate, 1}, order) * (order - 1);
  CHECK_THAT(LogMoment({static_cast<double>(order), noise, rate}), WithinRel(sum, 2.1e-8));
}

TEST_CASE("A shifted discrete Gaussian has the continuous curve", "[accountant]") {
  const int shift = GENERATE(1, 2, 5);
  const double sigma = GENERATE(1.0, 2.0, 7.0);
  const int order = GENERATE(2, 3, 10);
  long double top = 0, bottom = 0;
  for (int x = -400; x <= 400; ++x) {
    const long double p = -0.5L * std::pow((x - shift) / static_cast<long double>(sigma), 2);
    const long double q = -0.5L * std::pow(x / static_cast<long double>(sigma), 2);
    top += std::exp(order * p + (1 - order) * q);
    bottom += std::exp(q);
  }
  const double ours = RdpFor({sigma / shift, 1, 1}, order);
  CHECK_THAT(static_cast<double>(std::log(top / bottom)) / (order - 1), WithinRel(ours, 1e-7));
}

TEST_CASE("Nothing cancels at small sampling rates", "[accountant]") {
  const double rate = GENERATE(1e-4, 1e-6, 1e-9, 1e-12);
  const double leading = 5.0 / 2 * rate * rate * std::expm1(1.0 / 4);  // a·q²(e^(1/z²) − 1)/2
  CHECK_THAT(RdpFor({2, rate, 1}, 5), WithinRel(leading, 1e-3));
}

TEST_CASE("Rounds and phases add", "[accountant]") {
  const Phase once{1.1, 0.05, 1}, many{1.1, 0.05, 7}, other{3, 1, 2};
  RenyiCurve sum;
  for (int i = 0; i < 7; ++i) AddCurve(*CurveOf(once), &sum);
  const RenyiCurve whole = *CurveOf(many);
  for (size_t i = 0; i < whole.size(); ++i) {
    CHECK_THAT(sum[i], WithinRel(whole[i], 1e-12));
  }
  const std::vector<Phase> forward{many, other}, backward{other, many};
  CHECK_THAT(EpsilonFor(forward, 1e-6), WithinRel(EpsilonFor(backward, 1e-6), 1e-12));
  CHECK(EpsilonFor(forward, 1e-6) > EpsilonFor({many}, 1e-6));
}

TEST_CASE("Nothing done costs nothing", "[accountant]") {
  CHECK(EpsilonFor({}, 1e-6) == 0);
  CHECK(EpsilonFor({{1, 0.5, 0}}, 1e-6) == 0);
  CHECK(EpsilonAtOrder(0, 2, 1e-6) == 0);
}

TEST_CASE("Something done always costs something", "[accountant]") {
  const RenyiCurve curve = *CurveOf(Phase{1000, 1e-300, 1});
  CHECK(std::all_of(curve.begin(), curve.end(), [](double value) { return value > 0; }));
}

TEST_CASE("The curve alone never gives less than the phases", "[accountant]") {
  const Phase phase{GENERATE(0.7, 1.5, 20.0), GENERATE(0.0001, 0.1, 1.0), GENERATE(1u, 10000u)};
  const auto from_curve = EpsilonOf(*CurveOf(phase), 1e-6);
  REQUIRE_OK(from_curve);
  CHECK(from_curve->epsilon >= EpsilonFor({phase}, 1e-6));
}

TEST_CASE("Inputs out of range are refused by name", "[accountant]") {
  const auto text = [](const Phase& phase) {
    const auto curve = CurveOf(phase);
    REQUIRE(absl::IsInvalidArgument(curve.status()));
    return std::string(curve.status().message());
  };
  CHECK_THAT(text({0.1, 0.5, 1}), ContainsSubstring("noise multiplier is 0.1"));
  CHECK_THAT(text({NAN, 0.5, 1}), ContainsSubstring("noise multiplier"));
  CHECK_THAT(text({1, 0, 1}), ContainsSubstring("sampling rate is 0"));
  CHECK_THAT(text({1, 1.5, 1}), ContainsSubstring("sampling rate is 1.5"));
  CHECK_THAT(text({1, 0.5, 10'000'001}), ContainsSubstring("10000001 rounds"));
  CHECK(absl::IsInvalidArgument(EpsilonOf(*CurveOf(Phase{1, 1, 1}), 0).status()));
  CHECK(absl::IsInvalidArgument(EpsilonOf(*CurveOf(Phase{1, 1, 1}), NAN).status()));
  CHECK(absl::IsInvalidArgument(EpsilonOf(RenyiCurve{1, 2}, 1e-6).status()));
  CHECK(std::isinf(EpsilonAtOrder(-1, 2, 1e-6)));
  CHECK(std::isinf(EpsilonAtOrder(NAN, 2, 1e-6)));
}

TEST_CASE("The noise for a target meets it and no less noise does", "[accountant]") {
  const double target = GENERATE(0.1, 1.0, 8.0);
  const double rate = GENERATE(0.01, 1.0);
  const auto noise = NoiseMultiplierFor({target, 1e-6, rate, 50});
  REQUIRE_OK(noise);
  CHECK(EpsilonFor({{*noise, rate, 50}}, 1e-6) <= target);
  CHECK(EpsilonFor({{*noise / (1 + 2e-6), rate, 50}}, 1e-6) > target);
}

TEST_CASE("A target that no multiplier meets is out of range", "[accountant]") {
  const auto noise = NoiseMultiplierFor({1e-4, 1e-6, 1, 1000});
  REQUIRE(absl::IsOutOfRange(noise.status()));
  CHECK_THAT(std::string(noise.status().message()), ContainsSubstring("fewer rounds"));
  CHECK(absl::IsInvalidArgument(NoiseMultiplierFor({0, 1e-6, 1, 1}).status()));
  CHECK(*NoiseMultiplierFor({1e6, 1e-6, 1, 1}) == 0.2);
}

TEST_CASE("The public multiplier grows with the root of the honest nodes, never above",
          "[accountant]") {
  CHECK_THAT(PublicNoiseMultiplier(2, 9), WithinRel(6, 1e-15));
  CHECK(PublicNoiseMultiplier(2, 9) < 6);
  CHECK(PublicNoiseMultiplier(2, 1) == 2);
  CHECK(PublicNoiseMultiplier(2, 0) == 2);
}

// 12 rates × 25 multipliers, all orders, 1 and 10^7 rounds: below a second.
TEST_CASE("Over the whole range figures are finite and monotone", "[.slow][accountant]") {
  for (double rate = 1e-11; rate < 2; rate *= 10) {
    double before = INFINITY;
    for (double noise = 0.2; noise <= 1000; noise *= 1.42) {
      const double q = std::min(rate, 1.0);
      const RenyiCurve curve = *CurveOf(Phase{noise, q, 10'000'000});
      CAPTURE(noise, q);
      for (size_t i = 0; i < curve.size(); ++i) {
        REQUIRE(std::isfinite(curve[i]));
        REQUIRE(curve[i] > 0);
        if (i > 0) REQUIRE(curve[i] >= curve[i - 1] * (1 - 1e-9));
      }
      const double epsilon = EpsilonFor({{noise, q, 10'000'000}}, 1e-6);
      REQUIRE(std::isfinite(epsilon));
      REQUIRE(epsilon <= before);
      REQUIRE(EpsilonFor({{noise, q, 1}}, 1e-6) <= epsilon);
      before = epsilon;
    }
  }
}

}  // namespace
}  // namespace mutual::privacy
