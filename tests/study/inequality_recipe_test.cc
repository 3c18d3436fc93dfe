// The inequality recipe against pooled values, its errors by simulation.
#include <algorithm>

#include "tests/study/simulated_study.h"

namespace mutual::study {
namespace {

const std::string kExample = RecipeExample("inequality");
const std::string kTable = "inequality of pay";

// Log-normal around 16 with σ 0.35: its Gini coefficient is erf(σ/2) = 0.1954.
Member DrawPay(Random& random) {
  std::normal_distribution<double> log_pay(std::log(18.0), 0.3);
  return {{std::clamp(std::exp(log_pay(random)), 8.0, 60.0)}, 1};
}

// The Gini coefficient by its definition, over all pairs.
double PairwiseGini(const std::vector<double>& pay) {
  double differences = 0, total = 0;
  for (const double a : pay) {
    total += a;
    for (const double b : pay) differences += std::abs(a - b);
  }
  return differences / (2 * static_cast<double>(pay.size()) * total);
}

}  // namespace

TEST_CASE("An inequality vector has one number a bin and stays in its bound", "[study]") {
  const auto recipe = RecipeOf(kExample);
  REQUIRE(recipe->dimension() == 104);
  REQUIRE(recipe->member_bound() == 1);
  RequireBound(*recipe, 1);
}

TEST_CASE("Without noise Gini is that of all pairs of members in the middle of their bins",
          "[study]") {
  const auto recipe = RecipeOf(kExample);
  Random random(3);
  const std::vector<Member> members = DrawMembers({*recipe, 0, 800, DrawPay}, random);
  std::vector<double> middles;
  for (const Member& member : members) {
    middles.push_back(8.25 + 0.5 * std::min(103.0, std::floor((member.values[0] - 8) / 0.5)));
  }
  const auto result = recipe->Finish(SumOf(*recipe, members));
  REQUIRE_OK(result);
  RequireValue(*result, {kTable, "Gini coefficient", "value", PairwiseGini(middles)});
}

TEST_CASE("Everyone the same has a Gini coefficient of zero and ratios near one", "[study]") {
  const auto recipe = RecipeOf(kExample);
  ReleasedSum sum{std::vector<double>(104, 0.0), 0, 4};
  sum.values[20] = 500;
  const auto result = recipe->Finish(sum);
  REQUIRE_OK(result);
  RequireValue(*result, {kTable, "Gini coefficient", "value", 0});
  REQUIRE_THAT(Find(*result, kTable, "P90 / P10", "value")->value, WithinAbs(1, 0.03));
}

TEST_CASE("Errors of Gini and of percentile ratios hold the truth as often as they say",
          "[study][.slow]") {
  const auto recipe = RecipeOf(kExample);
  Random random(5);
  std::vector<double> truth;  // of the population as the bounds cut it
  for (int i = 0; i < 4000000; ++i) truth.push_back(DrawPay(random).values[0]);
  std::sort(truth.begin(), truth.end());
  double weighted = 0, total = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    weighted += (2 * static_cast<double>(i) + 1) * truth[i];
    total += truth[i];
  }
  const auto n = static_cast<double>(truth.size());
  const auto at = [&](double p) { return truth[static_cast<size_t>(p * n)]; };
  RequireCoverage({*recipe, 4, 3000, DrawPay},
                  {{kTable, "Gini coefficient", "value", weighted / (n * total) - 1},
                   {kTable, "P90 / P10", "value", at(0.9) / at(0.1)},
                   {kTable, "P50 / P10", "value", at(0.5) / at(0.1)}},
                  12);
}

TEST_CASE("Inequality of too few members is withheld, with the reason", "[study]") {
  const auto result = RecipeOf(kExample)->Finish({std::vector<double>(104, 1.0), 20, 4});
  REQUIRE_OK(result);
  REQUIRE(result->tables.empty());
  REQUIRE(result->withheld.size() == 1);
  REQUIRE_THAT(result->withheld[0].reason, ContainsSubstring("too few"));
}

}  // namespace mutual::study
