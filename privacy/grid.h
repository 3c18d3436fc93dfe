// The integer grid of one round: scale, sensitivity, noise and clamp (PRIVACY.md section 2).
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

namespace mutual::privacy {

// How members' vectors reach the grid, which decides the sensitivity.
enum class Rounding {
  kPerMember,  // statistics: every member's vector is rounded, then added in int64
  kPerBatch,   // training: one rounding per fixed batch of slots
};

struct GridRequest {
  uint64_t dimension;       // d >= 1
  double member_bound;      // C > 0, joint L2 bound of one member's vector
  double noise_multiplier;  // z > 0
  int max_nodes;            // roster size, >= 1
  Rounding rounding;
};

// One grid unit is 1/scale of the recipe's unit. The scale is at least 100·√d/C and is
// chosen so that `noise_stddev` is a power of two, >= 64 and >= z·sensitivity. It is a multiple
// of 4 (else a whole number) where one lies in range, so that counts, and values in quarters of
// the unit, reach the grid without rounding.
struct Grid {
  double scale;
  int64_t sensitivity;   // Δ_int, L2, grid units
  int64_t noise_stddev;  // σ_int, grid units, per coordinate per node
  int64_t clamp;         // A: each coordinate of a node's sum is clamped to ±A before noise
};

// INVALID_ARGUMENT when the request is out of range; OUT_OF_RANGE when no clamp >= the
// sensitivity is left in the ring modulo 2^32 (vector too long, noise too large, too many
// nodes): the message says which bound to change. Deterministic: node, coordinator and
// auditor compute the same grid from the same public request.
absl::StatusOr<Grid> MakeGrid(const GridRequest& request);

}  // namespace mutual::privacy
