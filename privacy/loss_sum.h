// The privacy loss of many independent rounds, added by Fourier transform, and its epsilon.
//
// The law of the sum is tilted by e^{θ·loss} before it is transformed, so that the tail which
// decides δ becomes the bulk: errors of the transform are then relative to δ and not to 1.
// docs/PRIVACY.md, "The second accountant", bounds every error; all are added to δ.
#pragma once

#include <cstddef>
#include <vector>

#include "privacy/loss_law.h"

namespace mutual::privacy {

// `count` independent rounds of one law.
struct LossTerm {
  LossLaw law;
  double count;  // a whole number, 1 to 1e7
};

// What is known before any transform: `tilt` is the θ of the best Chernoff bound, `epsilon` that
// bound, and the sum lies in [low, high] up to what changes δ by 1e-6 of itself.
struct LossEstimate {
  double epsilon;
  double tilt;
  double low, high;
  double beyond;  // a bound on the mass above `high`
};

// Sums of `terms` on multiples of `step`. Immutable; safe to share between threads.
class LossSum {
 public:
  LossSum(std::vector<LossTerm> terms, double step);

  LossEstimate EstimateFor(double delta) const;
  // An upper bound of the smallest epsilon >= 0 at `delta`; `estimate` is EstimateFor(delta).
  double EpsilonFor(double delta, const LossEstimate& estimate) const;

 private:
  struct Composed;
  double Cumulant(double tilt) const;  // Σ count·ln Σ mass·e^{tilt·loss}
  Composed Compose(const LossEstimate& estimate) const;
  double Invert(const Composed& composed, double delta) const;

  std::vector<LossTerm> terms_;
  double step_;
  double count_;     // of all rounds
  double infinite_;  // of all rounds
};

}  // namespace mutual::privacy
