#include "privacy/clipping.h"

#include <algorithm>
#include <cmath>

namespace mutual::privacy {
namespace {

// Pairwise, so that the relative error is below 2^−44 for every length in memory.
double SumOfSquares(std::span<const double> vector) {
  if (vector.size() <= 64) {
    double sum = 0;
    for (const double value : vector) sum += value * value;
    return sum;
  }
  const size_t half = vector.size() / 2;
  return SumOfSquares(vector.first(half)) + SumOfSquares(vector.subspan(half));
}

// The squares of numbers this size overflow or vanish; clips by way of vector/2^exponent, whose
// largest value is in [0.5, 1). The margin covers the plain summation and underflow.
void ClipExtreme(double l2_bound, int exponent, std::span<double> vector) {
  double sum = 0;
  for (const double value : vector) {
    const double scaled = std::ldexp(value, -exponent);
    sum += scaled * scaled;
  }
  const double norm = std::sqrt(sum);
  if (norm * (1 + 0x1p-20) <= std::ldexp(l2_bound, -exponent)) return;
  const double factor = l2_bound / norm * (1 - 0x1p-20);
  for (double& value : vector) value = std::ldexp(value, -exponent) * factor;
}

}  // namespace

bool ClipL2(double l2_bound, std::span<double> vector) {
  double largest = 0;
  bool is_usable = l2_bound > 0 && std::isfinite(l2_bound);
  for (const double value : vector) {
    is_usable = is_usable && std::isfinite(value);
    largest = std::max(largest, std::abs(value));
  }
  if (!is_usable) {
    std::fill(vector.begin(), vector.end(), 0.0);  // set, not multiplied: 0·∞ is NaN
    return false;
  }
  if (largest == 0) return true;
  int exponent = 0;
  std::frexp(largest, &exponent);
  if (exponent > 450 || exponent < -400) {
    ClipExtreme(l2_bound, exponent, vector);
    return true;
  }
  const double norm = std::sqrt(SumOfSquares(vector));
  if (norm > l2_bound) {
    const double factor = l2_bound / norm;
    for (double& value : vector) value *= factor;
  }
  return true;
}

double SafeClipFactor(const GhostNorm& norm, double l2_bound, double rho) {
  if (!std::isfinite(norm.squared) || !std::isfinite(norm.error_bound) || norm.error_bound < 0 ||
      !(l2_bound > 0) || !(rho > 0)) {
    return 0;
  }
  const double bound = norm.error_bound;
  const double ghost = std::sqrt(std::max(norm.squared, 0.0));
  // √(ghost² + 2^−36·W²) without overflow.
  const double safe = std::hypot(ghost, bound * 0x1p-18);
  double factor = 1;
  if (safe > 0) factor = std::min(factor, l2_bound * (1 - 0x1p-10) / safe);
  if (bound > 0) factor = std::min(factor, rho * (l2_bound / bound));
  return factor;
}

}  // namespace mutual::privacy
