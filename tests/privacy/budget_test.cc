#include "privacy/budget.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/status.h"

#include "tests/catch.h"

namespace mutual::privacy {
namespace {

BudgetPolicy Policy() {
  return {.delta = 1e-6,
          .yearly_epsilon_node = 8,
          .yearly_epsilon_public = 4,
          .study_epsilon_node = 6,
          .study_epsilon_public = 3,
          .orders = {3, 5, 8, 12}};
}

RenyiCurve CurveFor(double noise_multiplier, double rate, uint64_t rounds) {
  const auto curve = CurveOf(Phase{noise_multiplier, rate, rounds});
  REQUIRE_OK(curve);
  return *curve;
}

Charge ChargeOf(const RenyiCurve& curve) { return {Figure::kNode, 2026, 1e-6, curve}; }

// Charges `round` for as long as the filter admits it; returns how often.
int RoundsAdmitted(const BudgetPolicy& policy, const RenyiCurve& round) {
  Spending spent;
  int admitted = 0;
  while (admitted < 100'000 && Admit(policy, spent, ChargeOf(round)).ok()) {
    AddCurve(round, &spent.year);
    ++admitted;
  }
  return admitted;
}

std::string Refusal(const BudgetPolicy& policy) {
  const absl::Status status = ValidatePolicy(policy);
  REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

}  // namespace

TEST_CASE("A sensible policy is accepted", "[budget]") {
  REQUIRE_OK(ValidatePolicy(Policy()));
  BudgetPolicy policy = Policy();
  policy.orders = {2, 3, 4, 6, 8, 16, 64, 1024};
  REQUIRE_OK(ValidatePolicy(policy));
}

TEST_CASE("A policy out of range is refused with what is wanted", "[budget]") {
  BudgetPolicy policy = Policy();
  policy.delta = 1;
  CHECK_THAT(Refusal(policy), ContainsSubstring("delta is 1"));
  policy = Policy();
  policy.yearly_epsilon_public = 0;
  CHECK_THAT(Refusal(policy), ContainsSubstring("is 0"));
  policy = Policy();
  policy.study_epsilon_node = std::nan("");
  CHECK_THAT(Refusal(policy), ContainsSubstring("nan"));
  policy = Policy();
  policy.orders = {};
  CHECK_THAT(Refusal(policy), ContainsSubstring("1 to 8"));
  policy.orders = {3, 65};
  CHECK_THAT(Refusal(policy), ContainsSubstring("order 65"));
  policy.orders = {3, 3};
  CHECK_THAT(Refusal(policy), ContainsSubstring("twice"));
}

TEST_CASE("Attack: more than eight orders are refused", "[budget]") {
  BudgetPolicy policy = Policy();
  policy.orders = {2, 3, 4, 5, 6, 7, 8, 9, 10};
  CHECK_THAT(Refusal(policy), ContainsSubstring("9"));
  const absl::Status status = Admit(policy, {}, ChargeOf(CurveFor(2, 0.1, 1)));
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("A first round within both limits is admitted", "[budget]") {
  REQUIRE_OK(Admit(Policy(), {}, ChargeOf(CurveFor(2, 0.1, 1))));
}

TEST_CASE("A round over the study's limit is refused, whatever the year holds", "[budget]") {
  const RenyiCurve spent = CurveFor(2, 0.1, 300);  // epsilon 5.2
  const absl::Status status =
      Admit(Policy(), {.year = {}, .study = spent}, ChargeOf(CurveFor(2, 0.1, 200)));
  CHECK(status.code() == absl::StatusCode::kResourceExhausted);
  CHECK(ErrorCode(status) == "BUDGET_SPENT");
  CHECK_THAT(std::string(status.message()), ContainsSubstring("epsilon_node"));
  CHECK_THAT(std::string(status.message()), ContainsSubstring("is left"));
  REQUIRE_OK(Admit(Policy(), {.year = {}, .study = spent}, ChargeOf(CurveFor(2, 0.1, 1))));
}

TEST_CASE("A round over the yearly limit is refused and the renewal is named", "[budget]") {
  const RenyiCurve year = CurveFor(2, 0.1, 450);
  const absl::Status status =
      Admit(Policy(), {.year = year, .study = {}}, ChargeOf(CurveFor(2, 0.1, 290)));
  CHECK(status.code() == absl::StatusCode::kResourceExhausted);
  CHECK(ErrorCode(status) == "BUDGET_SPENT");
  const std::string message(status.message());
  CHECK_THAT(message, ContainsSubstring("1 January 2027"));
  const double left = 8 - YearlyEpsilon(Policy(), year);
  REQUIRE(left > 0);
  CHECK_THAT(message, ContainsSubstring(std::to_string(left).substr(0, 3)));
  CHECK_THAT(message, ContainsSubstring("is left"));
}

TEST_CASE("The two figures have their own limits", "[budget]") {
  Charge charge = ChargeOf(CurveFor(2, 0.1, 200));  // epsilon 4.1: above 3, below 6
  REQUIRE_OK(Admit(Policy(), {}, charge));
  charge.figure = Figure::kPublic;
  const absl::Status status = Admit(Policy(), {}, charge);
  CHECK(ErrorCode(status) == "BUDGET_SPENT");
  CHECK_THAT(std::string(status.message()), ContainsSubstring("epsilon_public"));
}

TEST_CASE("The yearly figure is zero for nothing and otherwise the best policy order",
          "[budget]") {
  CHECK(YearlyEpsilon(Policy(), RenyiCurve(RenyiOrders().size(), 0.0)) == 0);
  CHECK(YearlyEpsilon(Policy(), {}) == 0);
  const RenyiCurve curve = CurveFor(2, 0.1, 100);
  double least = std::numeric_limits<double>::infinity();
  for (const int order : {3, 5, 8, 12}) {
    least = std::min(least, EpsilonAtOrder(curve[static_cast<size_t>(order - 2)], order, 1e-6 / 4));
  }
  CHECK(YearlyEpsilon(Policy(), curve) == least);
}

TEST_CASE("The filter never lets a policy order's promise be passed", "[budget]") {
  const RenyiCurve round = CurveFor(2, 0.1, 1);
  BudgetPolicy policy = Policy();
  policy.study_epsilon_node = 1e6;
  const int admitted = RoundsAdmitted(policy, round);
  CHECK(admitted > 100);
  CHECK(YearlyEpsilon(policy, CurveFor(2, 0.1, static_cast<uint64_t>(admitted))) <= 8);
  CHECK(YearlyEpsilon(policy, CurveFor(2, 0.1, static_cast<uint64_t>(admitted) + 1)) > 8 - 1e-9);
}

TEST_CASE("Attack: choosing the order afterwards would admit what the filter refuses",
          "[budget]") {
  BudgetPolicy policy = Policy();
  policy.study_epsilon_node = 1e6;
  policy.orders = {16, 32};
  const RenyiCurve round = CurveFor(2, 0.1, 1);
  const int admitted = RoundsAdmitted(policy, round);
  // The unsound rule: convert the sum at the best of all orders, at the whole delta.
  int afterwards = 0;
  RenyiCurve sum(RenyiOrders().size(), 0.0);
  for (;; ++afterwards) {
    AddCurve(round, &sum);
    if (EpsilonOf(sum, policy.delta)->epsilon > policy.yearly_epsilon_node) break;
  }
  CHECK(afterwards > admitted);
  Spending spent;
  for (int i = 0; i < admitted; ++i) AddCurve(round, &spent.year);
  CHECK(ErrorCode(Admit(policy, spent, ChargeOf(round))) == "BUDGET_SPENT");
  // Even with the same orders, forgetting to split delta among them admits more.
  const size_t at = 16 - 2;
  const double first = EpsilonAtOrder(spent.year[at] + round[at], 16, policy.delta);
  CHECK(first < EpsilonAtOrder(spent.year[at] + round[at], 16, policy.delta / 2));
}

TEST_CASE("Curves of another length or with NaN are refused", "[budget]") {
  Charge charge = ChargeOf(RenyiCurve{1.0, 2.0});
  CHECK(Admit(Policy(), {}, charge).code() == absl::StatusCode::kInvalidArgument);
  charge = ChargeOf(CurveFor(2, 0.1, 1));
  charge.curve[4] = std::nan("");
  CHECK(Admit(Policy(), {}, charge).code() == absl::StatusCode::kInvalidArgument);
  charge = ChargeOf(CurveFor(2, 0.1, 1));
  const Spending damaged{.year = RenyiCurve{1.0}, .study = {}};
  CHECK(Admit(Policy(), damaged, charge).code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace mutual::privacy
