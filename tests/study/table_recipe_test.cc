// The table recipe against pooled counts; its test against Pearson's and against chance.
#include <map>

#include "study/chi_square.h"
#include "tests/study/simulated_study.h"

namespace mutual::study {
namespace {

const std::string kExample = RecipeExample("table");
const std::string kTable = "grade by contract";
const std::string kTest = "independence of grade and contract";

// Grade 0..2 with shares 1/2, 3/10, 1/5; contract 1 with a share that may rise with the grade.
Member DrawCells(Random& random, double by_grade) {
  std::uniform_real_distribution<double> unit(0, 1);
  const double u = unit(random);
  const double grade = u < 0.5 ? 0 : u < 0.8 ? 1 : 2;
  return {{grade, unit(random) < 0.3 + by_grade * grade ? 1.0 : 0.0}, 2};
}

double PearsonOf(const std::vector<Member>& members) {
  std::map<double, double> down, across;
  std::map<std::pair<double, double>, double> cells;
  for (const Member& member : members) {
    ++down[member.values[0]];
    ++across[member.values[1]];
    ++cells[{member.values[0], member.values[1]}];
  }
  double sum = 0;
  for (const auto& [i, row] : down) {
    for (const auto& [j, column] : across) {
      const double expected = row * column / static_cast<double>(members.size());
      sum += std::pow(cells[{i, j}] - expected, 2) / expected;
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("A chi-square tail agrees with published values", "[study]") {
  // Abramowitz and Stegun, table 26.8, and 1 degree: 2·(1 − Φ(√x)).
  CHECK_THAT(ChiSquareTail(3.841458820694124, 1), WithinAbs(0.05, 1e-12));
  CHECK_THAT(ChiSquareTail(18.307038053275146, 10), WithinAbs(0.05, 1e-12));
  CHECK_THAT(ChiSquareTail(124.34211340400408, 100), WithinAbs(0.05, 1e-12));
  CHECK_THAT(ChiSquareTail(2, 2), WithinAbs(std::exp(-1.0), 1e-14));
  CHECK(ChiSquareTail(0, 3) == 1);
}

TEST_CASE("A table has one number a cell and stays in its bound", "[study]") {
  const auto recipe = RecipeOf(kExample);
  REQUIRE(recipe->dimension() == 6);
  REQUIRE(recipe->member_bound() == 1);
  RequireBound(*recipe, 2);
}

TEST_CASE("Without noise the cells are pooled counts and the test is Pearson's", "[study]") {
  const auto recipe = RecipeOf(kExample);
  Random random(4);
  const auto draw = [](Random& r) { return DrawCells(r, 0.1); };
  const std::vector<Member> members = DrawMembers({*recipe, 0, 700, draw}, random);
  double lead = 0, temporary = 0;
  for (const Member& member : members) {
    if (member.values[0] != 2) continue;
    ++lead;
    temporary += member.values[1];
  }
  const auto result = recipe->Finish(SumOf(*recipe, members));
  REQUIRE_OK(result);
  RequireValue(*result, {kTable, "lead / temporary", "members", temporary});
  RequireValue(*result, {kTable, "lead / temporary", "share of grade", temporary / lead});
  RequireValue(*result, {kTest, "chi-square with noise", "statistic", PearsonOf(members)});
  RequireValue(*result, {kTest, "chi-square with noise", "degrees of freedom", 2});
}

TEST_CASE("Shares hold the truth as often as they say", "[study][.slow]") {
  const auto recipe = RecipeOf(kExample);
  RequireCoverage({*recipe, 6, 1500, [](Random& r) { return DrawCells(r, 0.1); }},
                  {{kTable, "junior / temporary", "share of grade", 0.3},
                   {kTable, "lead / temporary", "share of grade", 0.5},
                   {kTable, "senior / permanent", "share of grade", 0.6}},
                  13);
}

TEST_CASE("Noise alone is rarely taken for a difference, and a difference is found",
          "[study][.slow]") {
  const auto recipe = RecipeOf(kExample);
  Random random(14);
  int false_alarms = 0, found = 0;
  for (int run = 0; run < 400; ++run) {
    const auto tail = [&](double by_grade) {
      const auto draw = [by_grade](Random& r) { return DrawCells(r, by_grade); };
      const Result result = RunOnce({*recipe, 25, 1500, draw}, random);
      return Find(result, kTest, "chi-square with noise", "p-value")->value;
    };
    false_alarms += tail(0) < 0.05 ? 1 : 0;
    found += tail(0.25) < 0.05 ? 1 : 0;
  }
  // Binomial(400, 0.05): 20 ± 4.4; outside 7 to 36 with a chance of 0.1 %.
  CHECK(false_alarms >= 7);
  CHECK(false_alarms <= 36);
  CHECK(found > 300);
}

TEST_CASE("Cells under ten are withheld, and a test without known margins is too", "[study]") {
  const auto recipe = RecipeOf(kExample);
  const auto some = recipe->Finish({{100, 9.5, 80, 30, -3, 4}, 2, 4});
  REQUIRE_OK(some);
  REQUIRE(some->withheld.size() == 3);
  REQUIRE(some->withheld[0].cell == "junior / temporary");
  REQUIRE(std::isnan(Find(*some, kTable, "junior / temporary", "members")->value));
  REQUIRE(Find(*some, kTest, "chi-square with noise", "degrees of freedom")->value == 1);
  const auto none = recipe->Finish({{5, 5, 5, 5, 5, 5}, 20, 4});
  REQUIRE_OK(none);
  REQUIRE(none->withheld.back().table == kTest);
}

}  // namespace mutual::study
