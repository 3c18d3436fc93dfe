// The change recipe against pooled differences, its bound by brute force, intervals by simulation.
#include "tests/study/simulated_study.h"

namespace mutual::study {
namespace {

const std::string kExample = RecipeExample("change");
const std::string kTable = "change of pay";
const std::string kDifference = "difference in differences of pay";

// City, period, pay: everybody gains 1; under dynamic pricing half lose 3 more and half gain 1
// more.
Member DrawPair(Random& random) {
  std::uniform_real_distribution<double> unit(0, 1);
  std::normal_distribution<double> level(24, 4), spread(0, 1.5);
  const double city = unit(random) < 0.4 ? 0 : 1;
  const double before = std::clamp(level(random), 16.0, 40.0);
  const double extra = city == 0 ? 0 : unit(random) < 0.5 ? -3 : 1;
  const double after = std::clamp(before + 1 + extra + spread(random), 8.0, 60.0);
  return {{city, 0, before, city, 1, after}, 3};
}

double Normal(double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; }

}  // namespace

TEST_CASE("A change vector has four numbers a group and stays in its bound", "[study]") {
  const auto recipe = RecipeOf(kExample);
  REQUIRE(recipe->dimension() == 8);
  REQUIRE(recipe->member_bound() == 1.5);
  RequireBound(*recipe, 3);
  std::vector<double> vector(8);
  REQUIRE_OK(recipe->MemberVector(Member{{0, 0, 60, 0, 1, 8}}.rows(), vector));
  REQUIRE(Norm(vector) == 1.5);  // the bound is reached
  REQUIRE(vector == std::vector<double>{0, 1, -1, 0.5, 0, 0, 0, 0});
}

TEST_CASE("A member without both periods does not count", "[study]") {
  const auto recipe = RecipeOf(kExample);
  std::vector<double> vector(8);
  REQUIRE_OK(recipe->MemberVector(Member{{0, 0, 20, 0, 0, 30}}.rows(), vector));
  REQUIRE(Norm(vector) == 0);
}

TEST_CASE("Without noise changes and losers are those of the pooled members", "[study]") {
  const auto recipe = RecipeOf(kExample);
  Random random(3);
  const std::vector<Member> members = DrawMembers({*recipe, 0, 3000, DrawPair}, random);
  double count[2] = {}, change[2] = {}, lost[2] = {};
  for (const Member& member : members) {
    const auto city = static_cast<size_t>(member.values[0]);
    const double difference = member.values[5] - member.values[2];
    ++count[city];
    change[city] += difference;
    lost[city] += difference < -0.25 ? 1 : 0;
  }
  const auto result = recipe->Finish(SumOf(*recipe, members));
  REQUIRE_OK(result);
  const char* const names[] = {"old pricing", "dynamic pricing"};
  for (size_t city = 0; city < 2; ++city) {
    RequireValue(*result, {kTable, names[city], "members", count[city]});
    RequireValue(*result, {kTable, names[city], "mean change", change[city] / count[city]});
    RequireValue(*result, {kTable, names[city], "share who lost", lost[city] / count[city]});
  }
  RequireValue(*result, {kDifference, "dynamic pricing less old pricing", "mean change",
                         change[1] / count[1] - change[0] / count[0]});
}

TEST_CASE("Loss can be an increase", "[study]") {
  const auto recipe = RecipeOf(Replaced(kExample, "\"decrease\"", "\"increase\""));
  std::vector<double> vector(8);
  REQUIRE_OK(recipe->MemberVector(Member{{0, 0, 20, 0, 1, 21}}.rows(), vector));
  REQUIRE(vector[1] == 1);
  REQUIRE_OK(recipe->MemberVector(Member{{0, 0, 20, 0, 1, 20.2}}.rows(), vector));
  REQUIRE(vector[0] == 1);  // within the tolerance
}

TEST_CASE("Intervals of changes hold the truth as often as they say", "[study][.slow]") {
  const auto recipe = RecipeOf(kExample);
  const double lost = (Normal((-0.25 + 2) / 1.5) + Normal((-0.25 - 2) / 1.5)) / 2;
  RequireCoverage({*recipe, 9, 1200, DrawPair},
                  {{kTable, "old pricing", "mean change", 1},
                   {kTable, "dynamic pricing", "mean change", 0},
                   {kTable, "dynamic pricing", "share who lost", lost},
                   {kDifference, "dynamic pricing less old pricing", "mean change", -1}},
                  17);
}

TEST_CASE("A handful of losers is not told", "[study]") {
  const auto recipe = RecipeOf(kExample);
  const auto result = recipe->Finish({{100, 6, 10, 4, 100, 30, 10, 4}, 1, 4});
  REQUIRE_OK(result);
  REQUIRE(std::isfinite(Find(*result, kTable, "old pricing", "mean change")->value));
  REQUIRE(std::isnan(Find(*result, kTable, "old pricing", "share who lost")->value));
  REQUIRE(std::isfinite(Find(*result, kTable, "dynamic pricing", "share who lost")->value));
  REQUIRE(result->withheld[0].cell == "old pricing / share who lost");
}

}  // namespace mutual::study
