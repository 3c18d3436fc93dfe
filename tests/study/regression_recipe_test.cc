// Regressions against pooled fits of the same records, their intervals by simulation.
#include <algorithm>

#include "tests/study/pooled_fit.h"
#include "tests/study/simulated_study.h"

namespace mutual::study {
namespace {

const std::string kLinear = RecipeExample("regression", 0);
const std::string kLogistic = RecipeExample("regression", 1);
const std::string kPoisson = RecipeExample("regression", 2);

// sex, tenure, pay = 14 + 0.4·tenure − 1.5·(women) + noise
Member DrawPay(Random& random) {
  std::uniform_real_distribution<double> unit(0, 1);
  std::normal_distribution<double> noise(0, 2);
  const double sex = unit(random) < 0.5 ? 0 : 1, tenure = 30 * unit(random) * unit(random);
  return {{sex, tenure, 20 + 0.4 * tenure - 1.5 * sex + noise(random)}, 3};
}

// shift, age (in the middle of a ten-year bin), sick with log odds −2 + 0.03·age + 0.5·(night)
Member DrawSick(Random& random) {
  std::uniform_real_distribution<double> unit(0, 1);
  const double shift = unit(random) < 0.6 ? 0 : 1, age = 21 + 10 * std::floor(5 * unit(random));
  const double odds = std::exp(-2 + 0.03 * age + 0.5 * shift);
  return {{shift, age, unit(random) < odds / (1 + odds) ? 1.0 : 0.0}, 3};
}

// Four months: night, quota (in the middle of a bin), hours, injuries at 2 in 1000 hours ·
// exp(0.8·(quota − 0.9) + 0.2·night); some members are twice as careful as others.
Member DrawInjuries(Random& random) {
  std::uniform_real_distribution<double> unit(0, 1);
  const double quota = 0.5 + 0.2 * std::floor(5 * unit(random)),
               care = unit(random) < 0.5 ? 2 / 3.0 : 4 / 3.0;
  Member member{{}, 4};
  for (int month = 0; month < 4; ++month) {
    const double night = unit(random) < 0.3 ? 1 : 0, hours = 100 + 70 * unit(random);
    std::poisson_distribution<int> injuries(0.002 * care * hours *
                                            std::exp(0.8 * (quota - 0.9) + 0.2 * night));
    member.values.insert(
        member.values.end(),
        {night, quota, hours, month < 2 ? std::min(1.0, double(injuries(random))) : 0.0});
  }
  return member;
}

void RequireCoefficients(const std::string& text, const std::vector<Member>& members,
                         const std::vector<std::string>& names, const std::vector<double>& beta) {
  const auto recipe = RecipeOf(text);
  const auto result = recipe->Finish(SumOf(*recipe, members));
  REQUIRE_OK(result);
  for (size_t k = 0; k < names.size(); ++k) {
    RequireValue(*result, {result->tables[0].title, names[k], "coefficient", beta[k]});
  }
}

}  // namespace

TEST_CASE("Regression vectors have their length and stay in their bounds", "[study]") {
  REQUIRE(RecipeOf(kLinear)->dimension() == 10);
  REQUIRE(RecipeOf(kLinear)->member_bound() == std::sqrt(10.0));
  REQUIRE(RecipeOf(kLogistic)->dimension() == 20);
  REQUIRE(RecipeOf(kLogistic)->member_bound() == 1);
  REQUIRE(RecipeOf(kPoisson)->dimension() == 51);
  REQUIRE(RecipeOf(kPoisson)->member_bound() == std::sqrt(3.0));
  RequireBound(*RecipeOf(kLinear), 3);
  RequireBound(*RecipeOf(kLogistic), 3);
  RequireBound(*RecipeOf(kPoisson), 4);
  RequireBound(*RecipeOf(Replaced(kPoisson, "exposure_bound = 700", "exposure_bound = 100")), 4);
}

TEST_CASE("The bound of products is reached at the corners of the inputs' range", "[study]") {
  const auto recipe = RecipeOf(kLinear);
  std::vector<double> vector(10);
  REQUIRE_OK(recipe->MemberVector(Member{{1, 30, 60}}.rows(), vector));
  CHECK_THAT(Norm(vector), WithinAbs(recipe->member_bound(), 1e-12));
}

TEST_CASE("Without noise a linear regression is the pooled one", "[study]") {
  Random random(3);
  const auto recipe = RecipeOf(kLinear);
  const std::vector<Member> members = DrawMembers({*recipe, 0, 500, DrawPay}, random);
  std::vector<PooledRecord> records;
  for (const Member& m : members) records.push_back({{1, m.values[1], m.values[0]}, m.values[2]});
  RequireCoefficients(kLinear, members, {"intercept", "tenure", "sex=women"},
                      PooledFit(PooledKind::kLinear, records));
}

TEST_CASE("Without noise a ridge is that of the pooled records, its constant left alone",
          "[study]") {
  Random random(13);
  const std::string text = Replaced(kLinear, "target = \"pay\"", "target = \"pay\"\nridge = 40");
  const auto recipe = RecipeOf(text);
  const std::vector<Member> members = DrawMembers({*recipe, 0, 300, DrawPay}, random);
  std::vector<std::vector<double>> a = {{0, 0, 0}, {0, 40, 0}, {0, 0, 40}};
  std::vector<double> b(3, 0.0);
  for (const Member& m : members) {
    const std::vector<double> x = {1, (m.values[1] - 15) / 15, m.values[0]};
    for (size_t i = 0; i < 3; ++i) {
      for (size_t j = 0; j < 3; ++j) a[i][j] += x[i] * x[j];
      b[i] += x[i] * (m.values[2] - 34) / 26;
    }
  }
  const std::vector<double> beta = Eliminate(a, b);
  RequireCoefficients(text, members, {"intercept", "tenure", "sex=women"},
                      {34 + 26 * (beta[0] - beta[1]), 26 * beta[1] / 15, 26 * beta[2]});
  REQUIRE_THAT(recipe->Finish(SumOf(*recipe, members))->sentences[0],
               ContainsSubstring("ridge of 40 members"));
}

TEST_CASE("A small table that noise hides can be told with a ridge", "[study]") {
  Random random(14);
  const auto plain = RecipeOf(kLinear);
  const auto ridged =
      RecipeOf(Replaced(kLinear, "target = \"pay\"", "target = \"pay\"\nridge = 100"));
  ReleasedSum sum = SumOf(*plain, DrawMembers({*plain, 0, 60, DrawPay}, random));
  sum.noise_stddev = 8;
  REQUIRE(plain->Finish(sum)->withheld.size() == 1);
  const Result told = *ridged->Finish(sum);
  REQUIRE(told.withheld.empty());
  REQUIRE(Find(told, "regression of pay", "tenure", "coefficient")->standard_error > 0);
}

TEST_CASE("Under strong noise a ridge errs less than least squares", "[study]") {
  Random random(15);
  const auto plain = RecipeOf(kLinear);
  const auto ridged =
      RecipeOf(Replaced(kLinear, "target = \"pay\"", "target = \"pay\"\nridge = 30"));
  double error_plain = 0, error_ridged = 0;
  for (int i = 0; i < 200; ++i) {
    ReleasedSum sum = SumOf(*plain, DrawMembers({*plain, 0, 400, DrawPay}, random));
    std::normal_distribution<double> noise(0, 12);
    for (double& value : sum.values) value += noise(random);
    sum.noise_stddev = 0.5;  // so that least squares tells too
    const auto wrong = [&](const Recipe& recipe) {
      const auto found = Find(*recipe.Finish(sum), "regression of pay", "tenure", "coefficient");
      REQUIRE(found.has_value());
      return (found->value - 0.4) * (found->value - 0.4);
    };
    error_plain += wrong(*plain);
    error_ridged += wrong(*ridged);
  }
  CAPTURE(error_plain, error_ridged);
  CHECK(error_ridged < 0.95 * error_plain);
}

TEST_CASE("A ridge belongs to linear models", "[study]") {
  const LintResult logistic =
      LintText(Replaced(kLogistic, "target = \"sick\"", "target = \"sick\"\nridge = 4"));
  REQUIRE_FALSE(logistic.study.has_value());
  CHECK(logistic.problems[0].code == "UNKNOWN_KEY");
  const LintResult negative =
      LintText(Replaced(kLinear, "target = \"pay\"", "target = \"pay\"\nridge = -1"));
  REQUIRE_FALSE(negative.study.has_value());
  CHECK_THAT(negative.problems[0].message, ContainsSubstring("ridge is -1"));
}

TEST_CASE("Without noise a logistic regression is the pooled maximum likelihood", "[study]") {
  Random random(4);
  const auto recipe = RecipeOf(kLogistic);
  const std::vector<Member> members = DrawMembers({*recipe, 0, 2000, DrawSick}, random);
  std::vector<PooledRecord> records;
  for (const Member& m : members) records.push_back({{1, m.values[1], m.values[0]}, m.values[2]});
  RequireCoefficients(kLogistic, members, {"intercept", "age", "shift=night"},
                      PooledFit(PooledKind::kLogistic, records));
}

TEST_CASE("Without noise a Poisson regression is the pooled one with its offset", "[study]") {
  Random random(5);
  const auto recipe = RecipeOf(kPoisson);
  const std::vector<Member> members = DrawMembers({*recipe, 0, 4000, DrawInjuries}, random);
  std::vector<PooledRecord> records;
  for (const Member& m : members) {
    for (size_t r = 0; r < 4; ++r) {
      const MemberRows rows = m.rows();
      records.push_back({{1, rows.at(r, 1), rows.at(r, 0)}, rows.at(r, 3), rows.at(r, 2)});
    }
  }
  RequireCoefficients(kPoisson, members, {"intercept", "quota", "night=night"},
                      PooledFit(PooledKind::kPoisson, records));
}

TEST_CASE("Linear coefficients hold the truth as often as they say", "[study][.slow]") {
  const auto recipe = RecipeOf(kLinear);
  const std::string table = "regression of pay";
  RequireCoverage({*recipe, 8, 1500, DrawPay},
                  {{table, "intercept", "coefficient", 20},
                   {table, "tenure", "coefficient", 0.4},
                   {table, "sex=women", "coefficient", -1.5}},
                  18);
}

TEST_CASE("Logistic coefficients hold the truth as often as they say", "[study][.slow]") {
  const auto recipe = RecipeOf(kLogistic);
  const std::string table = "regression of sick";
  RequireCoverage({*recipe, 8, 3000, DrawSick},
                  {{table, "intercept", "coefficient", -2},
                   {table, "age", "coefficient", 0.03},
                   {table, "shift=night", "coefficient", 0.5}},
                  19);
}

TEST_CASE("Poisson coefficients hold the truth as often as they say", "[study][.slow]") {
  const auto recipe = RecipeOf(kPoisson);
  const std::string table = "regression of injuries";
  // The truth of the capped counts, from very many members.
  Random random(6);
  const Result truth = RunOnce({*recipe, 0, 1000000, DrawInjuries}, random);
  const auto value = [&](const char* name) {
    return Find(truth, table, name, "coefficient")->value;
  };
  RequireCoverage({*recipe, 2.5, 6000, DrawInjuries},
                  {{table, "quota", "coefficient", value("quota")},
                   {table, "night=night", "coefficient", value("night=night")}},
                  20);
}

TEST_CASE("A design effect widens the sampling part of an interval, not the noise", "[study]") {
  Random random(7);
  const auto plain = RecipeOf(kLinear);
  const auto wide =
      RecipeOf(Replaced(kLinear, "target = \"pay\"", "target = \"pay\"\ndesign_effect = 4"));
  ReleasedSum sum = SumOf(*plain, DrawMembers({*plain, 0, 800, DrawPay}, random));
  const auto error = [&](const Recipe& recipe) {
    return Find(*recipe.Finish(sum), "regression of pay", "tenure", "coefficient")->standard_error;
  };
  CHECK_THAT(error(*wide), WithinRel(2 * error(*plain), 1e-9));
  sum.noise_stddev = 5;
  const auto noise = [&](const Recipe& recipe) {
    return Find(*recipe.Finish(sum), "regression of pay", "tenure",
                "noise error of the coefficient")
        ->value;
  };
  CHECK(noise(*wide) == noise(*plain));
}

TEST_CASE("A regression under its noise is withheld, with the reason", "[study]") {
  for (const std::string& text : {kLinear, kLogistic, kPoisson}) {
    const auto recipe = RecipeOf(text);
    std::vector<double> values(recipe->dimension(), 1.0);
    values[0] = 60;
    const auto result = recipe->Finish({values, 30, 4});
    REQUIRE_OK(result);
    REQUIRE(result->tables.empty());
    REQUIRE(result->withheld.size() == 1);
  }
}

}  // namespace mutual::study
