#include "privacy/clipping.h"

#include <algorithm>
#include <cmath>
#include <limits>

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

void Scale(double factor, std::span<double> vector) {
  for (double& value : vector) value *= factor;
}

}  // namespace

bool ClipL2(double l2_bound, std::span<double> vector) {
  double largest = 0;
  bool finite = l2_bound > 0 && std::isfinite(l2_bound);
  for (const double value : vector) {
    finite = finite && std::isfinite(value);
    largest = std::max(largest, std::abs(value));
  }
  if (!finite) {
    std::fill(vector.begin(), vector.end(), 0.0);  // chosen, not multiplied: 0·∞ is NaN
    return false;
  }
  if (largest == 0) return true;
  // Squares overflow or vanish outside this range: bring the largest into [0.5, 1) first.
  // A norm that small is within any bound a grid accepts, unless the bound is smaller still.
  const bool extreme = largest > 0x1p+500 || largest < 0x1p-400;
  if (extreme) {
    int exponent = 0;
    std::frexp(largest, &exponent);
    double norm = 0;
    for (const double value : vector) norm += std::pow(std::ldexp(value, -exponent), 2);
    norm = std::sqrt(norm);
    const double bound = std::ldexp(l2_bound, std::clamp(-exponent, -1000, 1000));
    if (norm <= bound) return true;
    for (double& value : vector) {
      value = std::ldexp(value, -exponent) * (1 - 0x1p-20) * (l2_bound / norm);
    }
    return true;
  }
  const double norm = std::sqrt(SumOfSquares(vector));
  if (norm > l2_bound) Scale(l2_bound / norm, vector);
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
