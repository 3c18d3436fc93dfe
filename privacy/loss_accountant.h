// Accounting by privacy-loss distributions: the tight figure beside the Rényi one.
//
// Adjacency: add or remove one member with all their rows; both directions are composed and the
// larger figure counts. Valid when all parameters are fixed beforehand, as they are inside one
// study; a node's ledger, whose studies come adaptively, charges Rényi curves instead.
#pragma once

#include <span>

#include "absl/status/statusor.h"
#include "privacy/accountant.h"

namespace mutual::privacy {

// An upper bound of the smallest epsilon of `phases` (Phase's ranges) at `delta` in (0, 1), for the
// sampled continuous Gaussian: within about 1e-4 of the truth, and exact (Balle and Wang 2018)
// when nothing is sampled. Never above the Rényi figure, which stands in where losses do not fit
// a grid (very little noise, hardly any sampling). INVALID_ARGUMENT as EpsilonOf.
absl::StatusOr<double> GaussianLossEpsilon(std::span<const Phase> phases, double delta);

// The same for the discrete Gaussian on MakeGrid's grids: what is claimed for a study. Above the
// continuous figure by less than 0.1 % for multipliers from 1.
absl::StatusOr<double> LossEpsilonOf(std::span<const Phase> phases, double delta);

// The multiplier of the continuous Gaussian that is no more private than the discrete one of
// multiplier z on a grid of MakeGrid: z·√(1 − 4/σ²), σ the least standard deviation of such a
// grid (docs/PRIVACY.md, "The lattice").
double ContinuousMultiplier(double noise_multiplier);

}  // namespace mutual::privacy
