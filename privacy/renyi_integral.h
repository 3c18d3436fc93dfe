// Rényi moments of the Poisson-subsampled Gaussian at real orders, by quadrature.
#pragma once

namespace mutual::privacy {

// Where the moment is wanted.
struct MomentPoint {
  double order;             // a in (1, 16]
  double noise_multiplier;  // z in [0.2, 1e6]
  double sampling_rate;     // q in [1e-12, 1)
};

// An upper bound, within 1e-8 relative, of (a − 1)·RDP(a) = ln E_Q[L^a], Q = N(0, z²),
// L(x) = 1 − q + q·exp((2x − 1)/2z²). The error of the quadrature is bounded in
// docs/PRIVACY.md, "Orders between the integers".
double LogMoment(const MomentPoint& point);

}  // namespace mutual::privacy
