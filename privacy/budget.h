// The node's budget filter: pure arithmetic over what the ledger holds (PRIVACY.md section 5).
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "privacy/accountant.h"

namespace mutual::privacy {

// Limits that one organisation sets for itself. All epsilons at `delta`.
struct BudgetPolicy {
  double delta;
  double yearly_epsilon_node;
  double yearly_epsilon_public;
  double study_epsilon_node;    // refuses any study above it
  double study_epsilon_public;
  std::vector<int> orders;      // 1 to 8 of RenyiOrders(), fixed for the year ⚔
};
// INVALID_ARGUMENT when a limit is not positive, an order unknown, or more than 8 orders.
absl::Status ValidatePolicy(const BudgetPolicy& policy);

// What one figure (node or public) has used: the sum of charged curves.
struct Spending {
  RenyiCurve year;
  RenyiCurve study;
};

enum class Figure { kNode, kPublic };

// OK, or RESOURCE_EXHAUSTED with code BUDGET_SPENT, saying what is left and that it renews on
// 1 January of `year + 1`. The study limit uses every order (parameters fixed beforehand); the
// yearly limit holds at some policy order at delta/orders.size() (a Rényi filter per order).
struct Charge {
  Figure figure;
  int year;
  double study_delta;
  RenyiCurve curve;  // of the round to be charged
};
absl::Status Admit(const BudgetPolicy& policy, const Spending& spent, const Charge& charge);

// The largest yearly figure proved by the filter for `spent` (smallest over policy orders at
// delta/orders.size()); 0 for a zero curve.
double YearlyEpsilon(const BudgetPolicy& policy, const RenyiCurve& spent);

}  // namespace mutual::privacy
