// The survival recipe against the product-limit estimate, its bands by simulation.
#include "tests/study/simulated_study.h"

namespace mutual::study {
namespace {

const std::string kExample = RecipeExample("survival");
const std::string kTable = "survival until left";

// Sex, months, status: leaving with a hazard of 3 % a month (women 4 %), asked at 48 months or, for
// a third, hired later; times are noted at the ends of three-month intervals, as the grid has them.
Member DrawSpell(Random& random) {
  std::uniform_real_distribution<double> unit(0, 1);
  const double sex = unit(random) < 0.5 ? 0 : 1;
  std::exponential_distribution<double> leaves(sex == 0 ? 0.03 : 0.04);
  const double asked = unit(random) < 0.67 ? 48 : 3 * std::ceil(16 * unit(random));
  const double left = leaves(random);
  const bool gone = left < asked;
  // Who is asked at the end of an interval stands in it.
  return {{sex, gone ? left : asked - 0.5, gone ? 0.0 : 1.0}, 3};
}

// Kaplan-Meier with the events of an interval before its other ends.
double ProductLimit(const std::vector<Member>& members, double sex, size_t intervals) {
  double survival = 1;
  for (size_t j = 0; j < intervals; ++j) {
    double at_risk = 0, events = 0;
    for (const Member& member : members) {
      if (member.values[0] != sex) continue;
      const double interval = std::min(15.0, std::floor(member.values[1] / 3));
      if (interval >= static_cast<double>(j)) ++at_risk;
      if (interval == static_cast<double>(j) && member.values[2] == 0) ++events;
    }
    survival *= 1 - events / at_risk;
  }
  return survival;
}

}  // namespace

TEST_CASE("A survival vector has two numbers an interval and group, and stays in its bound",
          "[study]") {
  const auto recipe = RecipeOf(kExample);
  REQUIRE(recipe->dimension() == 64);
  REQUIRE(recipe->member_bound() == 1);
  RequireBound(*recipe, 3);
}

TEST_CASE("Without noise survival is the pooled product-limit estimate", "[study]") {
  const auto recipe = RecipeOf(kExample);
  Random random(3);
  const std::vector<Member> members = DrawMembers({*recipe, 0, 2000, DrawSpell}, random);
  const auto result = recipe->Finish(SumOf(*recipe, members));
  REQUIRE_OK(result);
  RequireValue(*result, {kTable, "men / 0 to 3", "survival", ProductLimit(members, 0, 1)});
  RequireValue(*result, {kTable, "men / 9 to 12", "survival", ProductLimit(members, 0, 4)});
  RequireValue(*result, {kTable, "women / 33 to 36", "survival", ProductLimit(members, 1, 12)});
}

TEST_CASE("Without noise the error is Greenwood's", "[study]") {
  const auto recipe = RecipeOf(Replaced(kExample, "by = \"sex\"", ""));
  ReleasedSum sum{std::vector<double>(32, 0.0), 0, 4};
  sum.values = {10, 5, 20, 5, 8, 2};
  sum.values.resize(32, 3);
  const auto result = recipe->Finish(sum);
  const double n = 10 + 5 + 20 + 5 + 8 + 2 + 26 * 3;
  const double survival = (1 - 10 / n) * (1 - 20 / (n - 15));
  const double greenwood = 10 / n / (n - 10) + 20 / (n - 15) / (n - 35);
  const auto found = Find(*result, kTable, "3 to 6", "survival");
  CHECK_THAT(found->value, WithinAbs(survival, 1e-12));
  CHECK_THAT(found->standard_error, WithinAbs(survival * std::sqrt(greenwood), 1e-12));
}

TEST_CASE("The noise in a survival error is what noisy curves spread", "[study][.slow]") {
  const auto recipe = RecipeOf(Replaced(kExample, "by = \"sex\"", ""));
  Random random(9);
  std::normal_distribution<double> noise(0, 12);
  double sum = 0, squares = 0, stated = 0;
  constexpr int kRuns = 4000;
  for (int run = 0; run < kRuns; ++run) {
    ReleasedSum released{std::vector<double>(32, 1e4), 12, 4};
    for (size_t i = 0; i < 32; ++i) released.values[i] = (i % 2 == 0 ? 300 : 500) + noise(random);
    const auto found = Find(*recipe->Finish(released), kTable, "21 to 24", "survival");
    sum += found->value / kRuns;
    squares += found->value * found->value / kRuns;
    stated += found->standard_error / kRuns;
  }
  // Sampling alone, from the same counts without noise.
  ReleasedSum exact{std::vector<double>(32), 0, 4};
  for (size_t i = 0; i < 32; ++i) exact.values[i] = i % 2 == 0 ? 300 : 500;
  const double sampling =
      Find(*recipe->Finish(exact), kTable, "21 to 24", "survival")->standard_error;
  const double spread = std::sqrt(squares - sum * sum);
  // 4000 runs know a standard deviation within 1.1 %; 6 % is over five of those.
  CHECK_THAT(std::sqrt(stated * stated - sampling * sampling), WithinRel(spread, 0.06));
}

TEST_CASE("Bands of survival hold the truth as often as they say", "[study][.slow]") {
  const auto recipe = RecipeOf(kExample);
  RequireCoverage({*recipe, 5, 2500, DrawSpell},
                  {{kTable, "men / 9 to 12", "survival", std::exp(-0.03 * 12)},
                   {kTable, "men / 0 to 3", "survival", std::exp(-0.03 * 3)},
                   {kTable, "women / 21 to 24", "survival", std::exp(-0.04 * 24)}},
                  16);
}

TEST_CASE("A curve ends where too few are at risk", "[study]") {
  const auto recipe = RecipeOf(Replaced(kExample, "by = \"sex\"", ""));
  ReleasedSum sum{std::vector<double>(32, 0.0), 1, 4};
  sum.values[0] = 40;
  sum.values[2] = 40;
  sum.values[4] = 5;
  const auto result = recipe->Finish(sum);
  REQUIRE_OK(result);
  REQUIRE(std::isfinite(Find(*result, kTable, "3 to 6", "survival")->value));
  REQUIRE(std::isnan(Find(*result, kTable, "6 to 9", "survival")->value));
  REQUIRE(result->withheld.size() == 14);
}

}  // namespace mutual::study
