#include "privacy/grid.h"

#include <cmath>

#include "base/status.h"

namespace mutual::privacy {
namespace {

// From 50 on, sums of several nodes' discrete noise are Gaussian to 1e-60 (docs/PRIVACY.md).
constexpr int64_t kSmallestNoise = 64;
constexpr int64_t kLargestNoise = int64_t{1} << 26;
constexpr double kUnitsPerRoot = 100;  // scale >= 100·√d/C
constexpr double kWholeUnits = 4;      // scale is a multiple of 4 where there is room

// Room for what float64 adds to a member's norm outside the rounding counted below:
// construction or clipping of the vector (2^−44), scaling (2^−53), and the arithmetic here.
constexpr double kFloatSlack = 0x1p-40;

// Training: the most that a batch's float32 sum may err over C, for both neighbours. The trainer chooses the batch's size
// and rho so that it stays below (docs/PRIVACY.md section 3).
constexpr double kEta = 1.0 / 64;

// Sensitivity is ceil(scale·C·stretch + rounding).
struct Terms {
  double stretch;
  double rounding;
};

Terms TermsOf(const GridRequest& request) {
  const double root = std::sqrt(static_cast<double>(request.dimension));
  if (request.rounding == Rounding::kPerBatch) return {(1 + kEta) * (1 + kFloatSlack), root};
  return {1 + kFloatSlack, root / 2};
}

double SensitivityAt(double scale, const GridRequest& request) {
  const Terms terms = TermsOf(request);
  return std::ceil(scale * request.member_bound * terms.stretch + terms.rounding);
}

// The largest multiple of 4 up to `scale`, or whole number, that is at least `smallest`; `scale` itself
// when there is none. Counts, which add 1 a member, are then exact on the grid.
double WholeScale(double scale, double smallest) {
  for (const double unit : {kWholeUnits, 1.0}) {
    const double whole = std::floor(scale / unit) * unit;
    if (whole >= smallest && whole >= unit) return whole;
  }
  return scale;
}

absl::Status ValidateRequest(const GridRequest& request) {
  if (request.dimension < 1 || request.dimension > (uint64_t{1} << 32)) {
    return InvalidArgument("the vector has %u values, want 1 to 2^32", request.dimension);
  }
  if (!(request.member_bound >= 1e-100 && request.member_bound <= 1e100)) {
    return InvalidArgument("the member bound is %g, want 1e-100 to 1e100", request.member_bound);
  }
  if (!(request.noise_multiplier > 0 && std::isfinite(request.noise_multiplier))) {
    return InvalidArgument("the noise multiplier is %g, want more than 0",
                           request.noise_multiplier);
  }
  if (request.max_nodes < 1) {
    return InvalidArgument("the roster has %d nodes, want at least 1", request.max_nodes);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Grid> MakeGrid(const GridRequest& request) {
  MUTUAL_RETURN_IF_ERROR(ValidateRequest(request));
  const Terms terms = TermsOf(request);
  const double z = request.noise_multiplier;
  const double smallest_scale =
      kUnitsPerRoot * std::sqrt(static_cast<double>(request.dimension)) / request.member_bound;
  const double least_noise = z * SensitivityAt(smallest_scale, request);
  int64_t noise = kSmallestNoise;
  while (noise <= kLargestNoise && static_cast<double>(noise) < least_noise) noise *= 2;
  if (noise > kLargestNoise) {
    return OutOfRange(
        "the noise would be %.3g grid units, want at most 2^26: %u values with noise multiplier "
        "%g. Use a shorter vector or less noise",
        least_noise, request.dimension, z);
  }
  // The finest grid on which this noise is still z times the sensitivity.
  double largest = std::floor(static_cast<double>(noise) / z);
  if (z * largest > static_cast<double>(noise)) largest -= 1;
  double scale = (largest - terms.rounding) / (request.member_bound * terms.stretch);
  while (scale > smallest_scale && SensitivityAt(scale, request) > largest) {
    scale = std::nextafter(scale, 0.0);
  }
  if (scale < smallest_scale) scale = smallest_scale;
  scale = WholeScale(scale, smallest_scale);

  const int64_t sensitivity = static_cast<int64_t>(SensitivityAt(scale, request));
  const double nodes = request.max_nodes;
  const double clamp =
      std::floor((0x1p31 - 8 * static_cast<double>(noise) * std::sqrt(nodes)) / nodes);
  if (clamp < static_cast<double>(sensitivity)) {
    return OutOfRange(
        "no room is left modulo 2^32: %d nodes may each add %.0f grid units to a value, want at "
        "least one member's %d (%u values, noise multiplier %g). Use fewer nodes, a shorter "
        "vector or less noise",
        request.max_nodes, std::fmax(clamp, 0), sensitivity, request.dimension, z);
  }
  return Grid{scale, sensitivity, noise, static_cast<int64_t>(clamp)};
}

}  // namespace mutual::privacy
