#include "privacy/gaussian_curve.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace mutual::privacy {
namespace {

constexpr double kRoundUp = 1 + 1e-9;

// P(N > t) over the density at t, for t >= 0: the continued fraction of Laplace where the tail
// itself would underflow.
double MillsRatio(double t) {
  if (t < 8) {
    return NormalTail(t) * std::sqrt(2 * std::numbers::pi) * std::exp(t * t / 2);
  }
  double ratio = t;
  for (int k = 60; k >= 1; --k) ratio = t + k / ratio;
  return 1 / ratio;
}

}  // namespace

double NormalTail(double t) { return 0.5 * std::erfc(t / std::numbers::sqrt2); }

// δ = Φ(−a) − e^ε Φ(−b), a = ε/μ − μ/2, b = a + μ, and e^ε φ(b) = φ(a).
double GaussianDelta(double mu, double epsilon) {
  const double near = epsilon / mu - mu / 2;
  const double far = epsilon / mu + mu / 2;
  const double density = std::exp(-near * near / 2) / std::sqrt(2 * std::numbers::pi);
  if (near >= 0) return density * std::max(MillsRatio(near) - MillsRatio(far), 0.0);
  return std::max(NormalTail(near) - density * MillsRatio(far), 0.0);
}

double GaussianEpsilon(double mu, double delta) {
  if (GaussianDelta(mu, 0) <= delta) return 0;
  double low = 0, high = 1;
  while (GaussianDelta(mu, high) > delta) {
    low = high;
    high *= 2;
  }
  while (high - low > 1e-14 * high) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (GaussianDelta(mu, middle) > delta ? low : high) = middle;
  }
  return high * kRoundUp;
}

}  // namespace mutual::privacy
