#include "privacy/budget.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/status.h"

namespace mutual::privacy {
namespace {

constexpr size_t kMostOrders = 8;

// Index into RenyiOrders(), or its size.
size_t IndexOf(int order) {
  const std::span<const int> orders = RenyiOrders();
  return static_cast<size_t>(std::find(orders.begin(), orders.end(), order) - orders.begin());
}

// An empty curve, a finite one of the right length with no negative value: nothing else.
absl::Status ValidateCurve(const RenyiCurve& curve) {
  if (!curve.empty() && curve.size() != RenyiOrders().size()) {
    return InvalidArgument("the curve has %d orders, want %d", curve.size(), RenyiOrders().size());
  }
  for (const double value : curve) {
    if (!(value >= 0)) return InvalidArgument("the curve holds %g, want at least 0", value);
  }
  return absl::OkStatus();
}

absl::StatusOr<double> StudyEpsilon(const RenyiCurve& curve, double delta) {
  if (curve.empty()) return 0.0;
  MUTUAL_ASSIGN_OR_RETURN(const Epsilon found, EpsilonOf(curve, delta));
  return found.epsilon;
}

absl::Status Spent(const std::string& sentence) {
  return WithCode(absl::ResourceExhaustedError(sentence), "BUDGET_SPENT");
}

std::string NameOf(Figure figure) {
  return figure == Figure::kNode ? "epsilon_node" : "epsilon_public";
}

// What is left, rounded down to three decimals and never negative.
double Left(double limit, double used) {
  return std::floor(std::max(limit - used, 0.0) * 1000) / 1000;
}

}  // namespace

absl::Status ValidatePolicy(const BudgetPolicy& policy) {
  if (!(policy.delta > 0 && policy.delta < 1)) {
    return InvalidArgument("the policy's delta is %g, want more than 0 and less than 1",
                           policy.delta);
  }
  for (const double limit : {policy.yearly_epsilon_node, policy.yearly_epsilon_public,
                             policy.study_epsilon_node, policy.study_epsilon_public}) {
    if (!(limit > 0)) {
      return InvalidArgument("an epsilon limit of the policy is %g, want more than 0", limit);
    }
  }
  if (policy.orders.empty() || policy.orders.size() > kMostOrders) {
    return InvalidArgument(
        "the policy has %d orders, want 1 to %d: choosing among more "
        "afterwards is not free",
        policy.orders.size(), kMostOrders);
  }
  for (const int order : policy.orders) {
    if (IndexOf(order) == RenyiOrders().size()) {
      return InvalidArgument(
          "the policy names order %d, want orders from 2 to 64, or one of 80, "
          "96, 128, 192, 256, 384, 512, 1024",
          order);
    }
    if (std::count(policy.orders.begin(), policy.orders.end(), order) > 1) {
      return InvalidArgument("the policy names order %d twice, want each order once", order);
    }
  }
  return absl::OkStatus();
}

absl::Status Admit(const BudgetPolicy& policy, const Spending& spent, const Charge& charge) {
  MUTUAL_RETURN_IF_ERROR(ValidatePolicy(policy));
  MUTUAL_RETURN_IF_ERROR(ValidateCurve(spent.year));
  MUTUAL_RETURN_IF_ERROR(ValidateCurve(spent.study));
  MUTUAL_RETURN_IF_ERROR(ValidateCurve(charge.curve));
  const bool is_node = charge.figure == Figure::kNode;

  const double study_limit = is_node ? policy.study_epsilon_node : policy.study_epsilon_public;
  RenyiCurve study = spent.study;
  AddCurve(charge.curve, &study);
  MUTUAL_ASSIGN_OR_RETURN(const double study_after, StudyEpsilon(study, charge.study_delta));
  if (study_after > study_limit) {
    MUTUAL_ASSIGN_OR_RETURN(const double used, StudyEpsilon(spent.study, charge.study_delta));
    return Spent(absl::StrFormat(
        "this round would bring the study's %s to %.3f, and the policy allows %.3f for one study; "
        "%.3f is left. A study's own limit does not renew; the yearly one does on 1 January %d. "
        "Ask for fewer rounds or more noise, or raise the study limit in the policy",
        NameOf(charge.figure), std::ceil(study_after * 1000) / 1000, study_limit,
        Left(study_limit, used), charge.year + 1));
  }
  const double yearly_limit = is_node ? policy.yearly_epsilon_node : policy.yearly_epsilon_public;
  RenyiCurve year = spent.year;
  AddCurve(charge.curve, &year);
  const double year_after = YearlyEpsilon(policy, year);
  if (year_after > yearly_limit) {
    return Spent(absl::StrFormat(
        "this round would bring the year's %s to %.3f, and the policy allows %.3f for %d; %.3f is "
        "left. It renews on 1 January %d",
        NameOf(charge.figure), std::ceil(year_after * 1000) / 1000, yearly_limit, charge.year,
        Left(yearly_limit, YearlyEpsilon(policy, spent.year)), charge.year + 1));
  }
  return absl::OkStatus();
}

double YearlyEpsilon(const BudgetPolicy& policy, const RenyiCurve& spent) {
  if (std::all_of(spent.begin(), spent.end(), [](double value) { return value == 0; })) return 0;
  const double delta = policy.delta / static_cast<double>(policy.orders.size());
  double smallest = std::numeric_limits<double>::infinity();
  for (const int order : policy.orders) {
    const size_t index = IndexOf(order);
    if (index >= spent.size()) continue;
    smallest = std::min(smallest, EpsilonAtOrder(spent[index], order, delta));
  }
  return smallest;
}

}  // namespace mutual::privacy
