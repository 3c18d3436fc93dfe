// The privacy loss of one round of the sampled Gaussian, rounded pessimistically to a grid.
//
// "Connect the dots" (Doroshenko, Ghazi, Kamath, Kumar, Manurangsi 2022): the loss that falls
// between two grid points is divided between them so that both laws keep their mass. The curve
// δ(ε) is then exact at the grid points and never below the truth between them.
#pragma once

#include <cstdint>
#include <vector>

namespace mutual::privacy {

// ln P/Q under P: mass[i] at loss (first + i)·step, and `infinite` beyond every loss.
// The masses add up to 1 or a little more; each was rounded up by its own error.
struct LossLaw {
  int64_t first;
  std::vector<double> mass;
  double infinite;
};

// Both directions of one member's neighbours.
struct LossLaws {
  LossLaw remove;  // P = (1−q)N(0,z²) + qN(1,z²), Q = N(0,z²)
  LossLaw add;     // P and Q exchanged
};

// One round with multiplier z > 0 and sampling rate q in (0, 1].
struct LossRound {
  double noise_multiplier;
  double sampling_rate;
};

// The losses ln(1 − q + q·e^{(2x−1)/2z²}) between which all but about `tail` of both laws lies.
struct LossRange {
  double low, high;
};
LossRange RangeOf(const LossRound& round, double tail);

// Both laws on the grid of multiples of `step`, over `range`. Losses above a law's range count
// as infinite, losses below it as the range's end. The range must lie within ±600.
LossLaws DiscretiseLoss(const LossRound& round, const LossRange& range, double step);

// By how much a grid point may lie below the loss it stands for, because its x was rounded.
double LossEdgeError(const LossRound& round, const LossRange& range);

}  // namespace mutual::privacy
