// What is certain about a training study before it runs. How good its model will be is not: no
// formula tells.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "privacy/budget.h"
#include "study/study_file.h"

namespace mutual::research {

// What so many rounds cost a member: both epsilons, and the share of a year's budget of each in
// which nothing else was spent.
struct TrainingCost {
  uint64_t rounds = 0;
  double node = 0, released = 0;
  double yearly_node = 0, yearly_released = 0;
};

// The cost of the first `rounds` >= 1 rounds of `study`, by the figures that its releases state and
// the charges of its nodes' ledgers. Fewest nodes that the study allows.
absl::StatusOr<TrainingCost> CostAfter(const study::Study& study,
                                       const privacy::BudgetPolicy& policy, uint64_t rounds);

// Planned minus run: what rounds that are not run do not cost.
TrainingCost Saved(const TrainingCost& planned, const TrainingCost& run);

struct TrainingScenario {
  double asked = 0;               // organisations
  double nodes = 0, members = 0;  // that are expected to answer
  privacy::BudgetPolicy policy;   // of each of them
};

struct TrainingPlan {
  uint64_t parameters = 0;
  double expected_members = 0;  // that the study divides a round's sum by
  double present_members = 0;   // of the scenario, in a round's sum on average
  double noise = 0;             // in units of the clip: standard deviation of each number of a
                                // round's mean gradient
  double noise_length = 0;      // the same of the whole vector, √parameters times as much
  uint64_t bytes_down = 0, bytes_up = 0;  // of a node in a round: model, masked contribution
  std::vector<TrainingCost> after;        // each tenth of the rounds; the last is the whole study
  std::optional<TrainingCost> earliest;   // with patience: where it may end first
  uint64_t affordable_rounds = 0;         // that a year's budget pays for, at most the study's
  bool has_nodes = false;                 // enough for the study's cohort
};

// INVALID_ARGUMENT and OUT_OF_RANGE as from MakeGrid, when the numbers leave no room for a sum.
absl::StatusOr<TrainingPlan> PlanTraining(const study::Study& study,
                                          const TrainingScenario& scenario);

}  // namespace mutual::research
