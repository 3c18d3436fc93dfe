// A round with local steps at a node (study/local_steps.h): several clipped, noised sums, of which
// only a function leaves.
#pragma once

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "client/node/contribution.h"
#include "crypto/random.h"
#include "privacy/noise.h"
#include "study/local_steps.h"

namespace mutual::client {

// Where the node stands between its steps. Everything it holds is a function of the round's model,
// of sums that carry their noise and of public numbers, so none of it costs privacy. Not
// thread-safe.
class LocalWalk {
 public:
  // `unit`: what one grid unit of a sum is worth in a gradient, n/(N·scale).
  LocalWalk(const study::LocalSteps& steps, double unit, std::span<const float> model);
  std::vector<float> Model() const;  // at which the next step's gradients are computed
  // One number a parameter, noised: w ← w − η·(unit·sum + μ(w − w_0)).
  void Step(std::span<const int64_t> noised);
  // w − w_0 scaled to a norm of at most B, in units of 1/DifferenceScale(B, clamp), each coordinate
  // within ±clamp. Zeros when a number is not finite.
  std::vector<int64_t> Difference(int64_t clamp) const;

 private:
  study::LocalSteps steps_;
  double unit_;
  std::vector<double> start_, weights_;
};

// The round's vector: the difference, then the evaluation of held-out members at the round's model
// on the round's own grid. Each step draws a coin for every slot and noise for every number of its
// sum anew ⚔. Errors are the trainer's.
absl::StatusOr<std::vector<int64_t>> LocalSum(const ContributionInput& input,
                                              crypto::RandomSource& random,
                                              privacy::NoiseSource& noise);

}  // namespace mutual::client
