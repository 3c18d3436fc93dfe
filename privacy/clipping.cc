#include "privacy/clipping.h"

#include <algorithm>
#include <cmath>

namespace mutual::privacy {
namespace {

// Takes a clipped norm below the bound whatever the rounding of the norm and of each product.
constexpr double kMargin = 1 - 0x1p-44;

// Σ (value/2^exponent)², pairwise: relative error below 2^-45 for every length in memory.
double SumOfSquares(std::span<const double> vector, int exponent) {
  if (vector.size() > 64) {
    const size_t half = vector.size() / 2;
    return SumOfSquares(vector.first(half), exponent) +
           SumOfSquares(vector.subspan(half), exponent);
  }
  double sum = 0;
  for (const double value : vector) {
    const double scaled = exponent == 0 ? value : std::ldexp(value, -exponent);
    sum += scaled * scaled;
  }
  return sum;
}

// `exponent` is 0 unless the squares would overflow or vanish; then the largest
// value/2^exponent is in [0.5, 1).
void ClipFinite(double l2_bound, int exponent, std::span<double> vector) {
  const double norm = std::sqrt(SumOfSquares(vector, exponent));
  if (norm <= std::ldexp(l2_bound, -exponent)) return;
  const double factor = l2_bound / norm * kMargin;
  for (double& value : vector) {
    value = (exponent == 0 ? value : std::ldexp(value, -exponent)) * factor;
  }
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
  const bool is_extreme = exponent > 450 || exponent < -400;
  ClipFinite(l2_bound, is_extreme ? exponent : 0, vector);
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
