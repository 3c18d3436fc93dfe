// Clipping of per-member vectors (PRIVACY.md section 2, "Clipping in training").
#pragma once

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"

namespace mutual::privacy {

// Scales `vector` (float64) onto the L2 ball of radius `l2_bound`; a vector with a NaN or an
// infinity becomes zero. Returns false in that last case ("reported locally only").
bool ClipL2(double l2_bound, std::span<double> vector);

// What a member's gradient norm is known to be at most, from the ghost norm and the sum that
// bounds its rounding error: N² = max(0, ghost²) + 2^-36·W²; factor = min(1, C(1−2^-10)/N, ρC/W).
struct GhostNorm {
  double squared;      // ghost norm squared as computed, may be negative by cancellation
  double error_bound;  // W = sqrt(Σ_layers (Σ_t ‖a_t‖‖b_t‖)²)
};
// 0 when either number is not finite.
double SafeClipFactor(const GhostNorm& norm, double l2_bound, double rho);

}  // namespace mutual::privacy
