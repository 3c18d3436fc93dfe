#include "privacy/study_phase.h"

#include <span>

#include "base/status.h"
#include "privacy/loss_accountant.h"

namespace mutual::privacy {

Phase NodePhase(const StudyCost& cost) {
  return {cost.noise_multiplier, cost.sampling_rate, cost.noised_sums()};
}

Phase PublicPhase(const StudyCost& cost, int honest_nodes) {
  Phase phase = NodePhase(cost);
  if (cost.local_steps > 0) return phase;
  phase.noise_multiplier = PublicNoiseMultiplier(phase.noise_multiplier, honest_nodes);
  return phase;
}

absl::StatusOr<StudyCurves> CurvesOf(const StudyCost& cost, int honest_nodes) {
  StudyCurves curves;
  MUTUAL_ASSIGN_OR_RETURN(curves.node, CurveOf(NodePhase(cost)));
  MUTUAL_ASSIGN_OR_RETURN(curves.released, CurveOf(PublicPhase(cost, honest_nodes)));
  return curves;
}

absl::StatusOr<StudyEpsilons> EpsilonsOf(const StudyCost& cost, int honest_nodes, double delta) {
  const Phase node = NodePhase(cost), released = PublicPhase(cost, honest_nodes);
  MUTUAL_ASSIGN_OR_RETURN(const Epsilon of_node, EpsilonOf(std::span(&node, 1), delta));
  MUTUAL_ASSIGN_OR_RETURN(const Epsilon of_released, EpsilonOf(std::span(&released, 1), delta));
  return StudyEpsilons{of_node.epsilon, of_released.epsilon};
}

absl::StatusOr<StudyEpsilons> LossEpsilonsOf(const StudyCost& cost, int honest_nodes,
                                             double delta) {
  const Phase node = NodePhase(cost), released = PublicPhase(cost, honest_nodes);
  StudyEpsilons epsilons{};
  MUTUAL_ASSIGN_OR_RETURN(epsilons.node, LossEpsilonOf(std::span(&node, 1), delta));
  MUTUAL_ASSIGN_OR_RETURN(epsilons.released, LossEpsilonOf(std::span(&released, 1), delta));
  return epsilons;
}

}  // namespace mutual::privacy
