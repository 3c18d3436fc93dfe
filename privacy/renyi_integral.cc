#include "privacy/renyi_integral.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace mutual::privacy {
namespace {

constexpr double kRoundUp = 1 + 1e-8;

// ln(L^a − 1 − a(L − 1)) for L = 1 + y, y > −1; the quantity is not negative. Since
// E_Q[L] = 1 its expectation is E_Q[L^a] − 1: nothing is lost against 1 at small q.
double LogExcess(double a, double y) {
  if (std::abs(y) <= 0.05) {
    double term = a * (a - 1) / 2, sum = term;  // Σ_{k>=2} binomial(a, k)·y^(k−2)
    for (int k = 3; k <= 40; ++k) {
      term *= (a - k + 1) / k * y;
      sum += term;
    }
    return y == 0 ? -INFINITY : std::log(sum) + 2 * std::log(std::abs(y));
  }
  const double power = a * std::log1p(y);
  if (power > 600) return power;  // an upper bound, and the same in float64
  return std::log(std::expm1(power) - a * y);
}

// ln of the integrand N(x; 0, z²)·(L^a − 1 − a(L − 1)).
double LogIntegrand(const MomentPoint& point, double x) {
  const double variance = point.noise_multiplier * point.noise_multiplier;
  const double q = point.sampling_rate;
  const double w = (2 * x - 1) / (2 * variance);
  const double density =
      -x * x / (2 * variance) - std::log(point.noise_multiplier * std::sqrt(2 * std::numbers::pi));
  if (w < 600) return density + LogExcess(point.order, q * std::expm1(w));
  return density + point.order * (w + std::log(q + (1 - q) * std::exp(-w)));
}

}  // namespace

double LogMoment(const MomentPoint& point) {
  const double z = point.noise_multiplier, a = point.order;
  const double step = std::min(z / 5, 18.8 / (4.5 + 110 / (z * z)));
  const double first = -40 * z, last = a + 40 * z;
  const int count = static_cast<int>(std::ceil((last - first) / step));
  std::vector<double> logs(static_cast<size_t>(count) + 1);
  for (size_t i = 0; i < logs.size(); ++i) {
    logs[i] = LogIntegrand(point, first + step * static_cast<double>(i));
  }
  const double largest = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double value : logs) sum += std::exp(value - largest);
  const double excess = largest + std::log(sum * step);  // ln(E[L^a] − 1)
  const double moment =
      excess > 30 ? excess + std::log1p(std::exp(-excess)) : std::log1p(std::exp(excess));
  return moment * kRoundUp;
}

}  // namespace mutual::privacy
