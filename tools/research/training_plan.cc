#include "tools/research/training_plan.h"

#include <algorithm>
#include <cmath>

#include "aggregation/masking/mask_sum.h"
#include "base/status.h"
#include "client/node/round_guard.h"
#include "coordinator/release/sum_release.h"
#include "privacy/grid.h"
#include "study/model.h"
#include "study/recipe.h"

namespace mutual::research {
namespace {

constexpr uint64_t kParts = 10;
constexpr uint64_t kWordBytes = 4;

privacy::RenyiCurve Times(privacy::RenyiCurve curve, uint64_t rounds) {
  for (double& value : curve) value *= static_cast<double>(rounds);
  return curve;
}

absl::StatusOr<client::RoundCharge> ChargeOfRound(const study::Study& study) {
  MUTUAL_ASSIGN_OR_RETURN(const auto recipe, study::MakeRecipe(study));
  return client::ChargeOf(client::TermsOf(study, *recipe), {study.digest, 1, absl::UnixEpoch()});
}

// Both figures' epsilons of a year in which only so many such rounds ran.
struct YearlyCost {
  double node, released;
};
YearlyCost YearlyOf(const privacy::BudgetPolicy& policy, const client::RoundCharge& charge,
                    uint64_t rounds) {
  return {privacy::YearlyEpsilon(policy, Times(charge.node, rounds)),
          privacy::YearlyEpsilon(policy, Times(charge.public_figure, rounds))};
}

uint64_t AffordableRounds(const study::Study& study, const privacy::BudgetPolicy& policy,
                          const client::RoundCharge& charge) {
  uint64_t paid = 0, unpaid = study.rounds() + 1;
  while (unpaid - paid > 1) {
    const uint64_t middle = paid + (unpaid - paid) / 2;
    const YearlyCost cost = YearlyOf(policy, charge, middle);
    const bool is_paid =
        cost.node <= policy.yearly_epsilon_node && cost.released <= policy.yearly_epsilon_public;
    (is_paid ? paid : unpaid) = middle;
  }
  return paid;
}

// The ends of the tenths, without repeats where there are fewer rounds than tenths.
std::vector<uint64_t> TenthsOf(uint64_t rounds) {
  std::vector<uint64_t> ends;
  for (uint64_t part = 1; part <= kParts; ++part) {
    const uint64_t end = (rounds * part + kParts - 1) / kParts;
    if (ends.empty() || ends.back() != end) ends.push_back(end);
  }
  return ends;
}

absl::Status AddNoise(const study::Study& study, const TrainingScenario& scenario,
                      TrainingPlan* plan) {
  const auto& spec = std::get<study::TrainSpec>(study.recipe);
  MUTUAL_ASSIGN_OR_RETURN(const auto recipe, study::MakeRecipe(study));
  MUTUAL_ASSIGN_OR_RETURN(
      const privacy::Grid grid,
      privacy::MakeGrid({recipe->dimension(), recipe->member_bound(),
                         study.privacy.noise_multiplier, static_cast<int>(scenario.asked),
                         privacy::Rounding::kPerBatch}));
  const double share = study.privacy.sampling_rate * (1 - spec.evaluation_share);
  plan->expected_members = spec.expected_members * share;
  plan->present_members = scenario.members * share;
  plan->noise = static_cast<double>(grid.noise_stddev) / grid.scale * std::sqrt(scenario.nodes) /
                plan->expected_members / study.privacy.clip.value_or(1);
  plan->parameters = study::TrainVectorOf(study).parameters;
  plan->noise_length = plan->noise * std::sqrt(static_cast<double>(plan->parameters));
  plan->bytes_down = plan->parameters * kWordBytes;
  plan->bytes_up = aggregation::masking::PaddedWords(recipe->dimension()) * kWordBytes;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TrainingCost> CostAfter(const study::Study& study,
                                       const privacy::BudgetPolicy& policy, uint64_t rounds) {
  study::Study part = study;
  std::get<study::TrainSpec>(part.recipe).rounds = static_cast<int>(rounds);
  MUTUAL_ASSIGN_OR_RETURN(const coordinator::PrivacyFigures figures,
                          coordinator::FiguresOf(part, study.cohort.min_nodes));
  MUTUAL_ASSIGN_OR_RETURN(const client::RoundCharge charge, ChargeOfRound(study));
  const YearlyCost yearly = YearlyOf(policy, charge, rounds);
  return TrainingCost{rounds, figures.epsilon_node, figures.epsilon_public,
                      yearly.node / policy.yearly_epsilon_node,
                      yearly.released / policy.yearly_epsilon_public};
}

TrainingCost Saved(const TrainingCost& planned, const TrainingCost& run) {
  return {planned.rounds - run.rounds, planned.node - run.node, planned.released - run.released,
          planned.yearly_node - run.yearly_node, planned.yearly_released - run.yearly_released};
}

absl::StatusOr<TrainingPlan> PlanTraining(const study::Study& study,
                                          const TrainingScenario& scenario) {
  TrainingPlan plan;
  MUTUAL_RETURN_IF_ERROR(AddNoise(study, scenario, &plan));
  for (const uint64_t end : TenthsOf(study.rounds())) {
    MUTUAL_ASSIGN_OR_RETURN(plan.after.emplace_back(), CostAfter(study, scenario.policy, end));
  }
  const int patience = std::get<study::TrainSpec>(study.recipe).patience;
  if (patience > 0) {
    // Two windows are compared, so none can end it before the second is whole.
    MUTUAL_ASSIGN_OR_RETURN(plan.earliest,
                            CostAfter(study, scenario.policy, 2 * static_cast<uint64_t>(patience)));
  }
  MUTUAL_ASSIGN_OR_RETURN(const client::RoundCharge charge, ChargeOfRound(study));
  plan.affordable_rounds = AffordableRounds(study, scenario.policy, charge);
  plan.has_nodes = scenario.nodes >= study.cohort.min_nodes;
  return plan;
}

}  // namespace mutual::research
