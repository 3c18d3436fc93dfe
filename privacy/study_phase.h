// A study's public numbers as phases, curves and figures of the accountants.
//
// Node, coordinator, researcher and auditor all come here, so that none of them forgets a step: no
// other file makes a study's phases (tests/architecture).
#pragma once

#include "absl/status/statusor.h"
#include "base/study_cost.h"
#include "privacy/accountant.h"

namespace mutual::privacy {

// One node's noised sums, when everybody else colludes.
Phase NodePhase(const StudyCost& cost);
// What is released, with the noise of `honest_nodes` in it. With local steps the same as NodePhase:
// a node sends a function of its noised sums, not a sum with noise that others' could be added to
// (docs/PRIVACY.md, section 5).
Phase PublicPhase(const StudyCost& cost, int honest_nodes);

// Of both, in the same order; errors are those of CurveOf and EpsilonOf.
struct StudyCurves {
  RenyiCurve node, released;
};
absl::StatusOr<StudyCurves> CurvesOf(const StudyCost& cost, int honest_nodes);

struct StudyEpsilons {
  double node, released;
};
absl::StatusOr<StudyEpsilons> EpsilonsOf(const StudyCost& cost, int honest_nodes, double delta);
// The second accountant's (privacy/loss_accountant.h).
absl::StatusOr<StudyEpsilons> LossEpsilonsOf(const StudyCost& cost, int honest_nodes, double delta);

}  // namespace mutual::privacy
