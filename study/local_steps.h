// Training in which a node takes several clipped, noised steps of its own in a round and sends the
// difference of the weights (as FedAvg does: McMahan et al. 2017), kept near the round's model by a
// proximal term (Li et al. 2020).
//
//     w_0 = the round's model, w_j = w_{j-1} − η·(S_j·n/N + μ(w_{j-1} − w_0)),  j = 1 … k
//
// S_j is the noised sum of clipped gradients at w_{j-1}, n the roster's size, N the members that a
// round's gradients are expected to come from in all nodes. Sent is w_k − w_0, scaled to a norm of
// at most B. All of it is a function of the S_j and public numbers.
#pragma once

#include <cstdint>
#include <string>

namespace mutual::study {

// Ranges: docs/STUDY_FILE.md.
struct LocalSteps {
  int count = 0;        // k
  double rate = 0;      // η
  double proximal = 0;  // μ
  double bound = 0;     // B
};

inline constexpr char kLocalStepsAssumption[] =
    "local steps: a node sends a function of its own noised sums, which the noise of other nodes "
    "does not protect; epsilon_public is therefore epsilon_node, and both count every step";

// Grid units of a difference: the largest power of two s with bound·s <= clamp, for `bound` in
// [1e-6, 1e6] and `clamp` in [1, 2^31].
double DifferenceScale(double bound, int64_t clamp);

// For the result.
std::string SentenceOf(const LocalSteps& steps);

}  // namespace mutual::study
