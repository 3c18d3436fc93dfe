// Rényi accounting of the Poisson-subsampled (discrete) Gaussian mechanism.
//
// Adjacency: add or remove one member with all their rows. All sums are in log space.
// Sources: Mironov, Talwar, Zhang 2019 (integer orders); Canonne, Kamath, Steinke 2020,
// Prop. 12 (conversion). docs/PRIVACY.md says why the discrete Gaussian has the same curve.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace mutual::privacy {

// `rounds` rounds with multiplier z = noise_multiplier in [0.2, 1e6] (noise standard
// deviation over L2 sensitivity; studies use up to 1000, the public figure z·√h) and sampling
// rate q in (0, 1]; rounds in [0, 1e7].
struct Phase {
  double noise_multiplier;
  double sampling_rate;
  uint64_t rounds;
};

// The integer orders a at which curves are kept, increasing: 2..64, 80, …, 1024.
std::span<const int> RenyiOrders();

// RDP at each of RenyiOrders(), in nats, never below the true value. INVALID_ARGUMENT
// outside Phase's ranges.
using RenyiCurve = std::vector<double>;
absl::StatusOr<RenyiCurve> CurveOf(const Phase& phase);
absl::StatusOr<RenyiCurve> CurveOf(std::span<const Phase> phases);
// Rounded up. An empty curve is a zero curve.
void AddCurve(const RenyiCurve& more, RenyiCurve* total);

struct Epsilon {
  double epsilon;
  int order;  // the order that gave it, rounded down
};
// Smallest epsilon over all integer orders at `delta` in (0, 1), rounded up. 0 for a zero curve.
absl::StatusOr<Epsilon> EpsilonOf(const RenyiCurve& curve, double delta);
// The same at a single order. Infinite when `rdp` is negative or NaN.
double EpsilonAtOrder(double rdp, int order, double delta);

// From the phases themselves: never above the curve's figure, and tighter where the best order
// lies between small integers (orders below 12 in steps of 0.1 count too).
absl::StatusOr<Epsilon> EpsilonOf(std::span<const Phase> phases, double delta);

// The smallest multiplier (to 1e-6 relative, rounded up) whose epsilon over `rounds`
// rounds is at most `epsilon`. OUT_OF_RANGE when none in [0.2, 1000] does.
struct NoiseTarget {
  double epsilon;
  double delta;
  double sampling_rate;
  uint64_t rounds;
};
absl::StatusOr<double> NoiseMultiplierFor(const NoiseTarget& target);

// z·√h, rounded down (z for h < 1): the multiplier of the released sum when the noise of h honest
// nodes is in it.
double PublicNoiseMultiplier(double noise_multiplier, int honest_nodes);

}  // namespace mutual::privacy
