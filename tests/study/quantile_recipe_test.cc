// The quantile recipe against pooled values, its bound by brute force, its bands by simulation.
#include "absl/strings/str_format.h"
#include "tests/study/simulated_study.h"

namespace mutual::study {
namespace {

const std::string kExample = RecipeExample("quantile");
const std::string kTable = "quantiles of pay";

// Sex and pay: log-normal, 15 % lower for women; one row a member.
Member DrawPay(Random& random) {
  const double sex = random() % 2 == 0 ? 0 : 1;
  std::normal_distribution<double> log_pay(std::log(sex == 0 ? 20.0 : 17.0), 0.3);
  return {{sex, std::clamp(std::exp(log_pay(random)), 8.0, 60.0)}, 2};
}

// The quantile of members spread evenly inside their bins.
double Pooled(const std::vector<Member>& members, double sex, double p) {
  std::vector<double> counts(104);
  double total = 0;
  for (const Member& member : members) {
    if (member.values[0] != sex) continue;
    ++counts[std::min<size_t>(103, static_cast<size_t>((member.values[1] - 8) / 0.5))];
    ++total;
  }
  double below = 0;
  size_t bin = 0;
  while (below + counts[bin] < p * total) below += counts[bin++];
  return 8 + 0.5 * (static_cast<double>(bin) + (p * total - below) / counts[bin]);
}

}  // namespace

TEST_CASE("A quantile vector has one number a bin and group, and stays in its bound", "[study]") {
  const auto recipe = RecipeOf(kExample);
  REQUIRE(recipe->dimension() == 208);
  REQUIRE(recipe->member_bound() == std::sqrt(2.0));
  RequireBound(*recipe, 2);
  REQUIRE(RecipeOf(Replaced(kExample, "by = \"sex\"", ""))->member_bound() == 1);
}

TEST_CASE("Without noise quantiles are those of the pooled members", "[study]") {
  const auto recipe = RecipeOf(kExample);
  Random random(3);
  const std::vector<Member> members = DrawMembers({*recipe, 0, 3000, DrawPay}, random);
  const auto result = recipe->Finish(SumOf(*recipe, members));
  REQUIRE_OK(result);
  for (const double p : {0.1, 0.25, 0.5, 0.75, 0.9}) {
    const std::string name = absl::StrFormat("%g%%", 100 * p);
    RequireValue(*result, {kTable, "men / " + name, "value", Pooled(members, 0, p)});
    RequireValue(*result, {kTable, "women / " + name, "value", Pooled(members, 1, p)});
  }
}

TEST_CASE("Bands of quantiles hold the truth as often as they say", "[study][.slow]") {
  const auto recipe = RecipeOf(kExample);
  RequireCoverage({*recipe, 5, 3000, DrawPay},
                  {{kTable, "men / 50%", "value", 20},
                   {kTable, "women / 50%", "value", 17},
                   {kTable, "men / 10%", "value", 20 * std::exp(-0.3 * 1.2815516)},
                   {kTable, "women / 90%", "value", 17 * std::exp(0.3 * 1.2815516)}},
                  11);
}

TEST_CASE("Quantiles of a group that is hardly there are withheld, with the reason", "[study]") {
  const auto recipe = RecipeOf(kExample);
  ReleasedSum sum{std::vector<double>(208, 0.0), 2, 4};
  for (size_t i = 0; i < 104; ++i) sum.values[i] = 20;
  const auto result = recipe->Finish(sum);
  REQUIRE_OK(result);
  REQUIRE(result->tables[0].rows.size() == 5);
  REQUIRE(result->withheld.size() == 1);
  REQUIRE(result->withheld[0].cell == "women");
  REQUIRE_THAT(result->withheld[0].reason, ContainsSubstring("fewer than 10"));
  REQUIRE_THAT(ToText(*result), ContainsSubstring("quantiles of pay: women (fewer than 10"));
}

}  // namespace mutual::study
