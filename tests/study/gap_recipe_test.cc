// The gap recipe against pooled regressions and means, its intervals by simulation.
#include "tests/study/pooled_fit.h"
#include "tests/study/simulated_study.h"

namespace mutual::study {
namespace {

const std::string kExample = RecipeExample("gap");
const std::string kTable = "gap of log(pay), men less women";

// sex, grade, tenure, pay: women are lower in grade, and are paid 5 % less with the same inputs.
Member DrawPay(Random& random) {
  std::uniform_real_distribution<double> unit(0, 1);
  std::normal_distribution<double> noise(0, 0.1);
  const double sex = unit(random) < 0.5 ? 0 : 1;
  const double u = unit(random) + (sex == 0 ? 0.1 : -0.1);
  const double grade = u < 0.4 ? 0 : u < 0.8 ? 1 : 2;
  const double tenure = 25 * unit(random);
  const double log_pay =
      std::log(14.0) + 0.25 * grade + 0.008 * tenure - 0.05 * sex + noise(random);
  return {{sex, grade, tenure, std::exp(log_pay)}, 4};
}

PooledRecord RecordOf(const Member& m) {
  return {{1, m.values[1] == 1 ? 1.0 : 0.0, m.values[1] == 2 ? 1.0 : 0.0, m.values[2]},
          std::log(m.values[3])};
}

struct Pooled {
  std::vector<double> beta, x;
  double y = 0;
};

Pooled PoolOf(const std::vector<PooledRecord>& records) {
  Pooled pooled{PooledFit(PooledKind::kLinear, records), std::vector<double>(4, 0.0), 0};
  const auto n = static_cast<double>(records.size());
  for (const PooledRecord& record : records) {
    for (size_t i = 0; i < 4; ++i) pooled.x[i] += record.x[i] / n;
    pooled.y += record.y / n;
  }
  return pooled;
}

}  // namespace

TEST_CASE("A gap vector holds the products of two groups and stays in its bound", "[study]") {
  const auto recipe = RecipeOf(kExample);
  REQUIRE(recipe->dimension() == 2 * 15);
  REQUIRE(recipe->member_bound() == std::sqrt(10.0));
  RequireBound(*recipe, 4);
}

TEST_CASE("Without noise gaps and their parts are those of pooled regressions", "[study]") {
  const auto recipe = RecipeOf(kExample);
  Random random(3);
  const std::vector<Member> members = DrawMembers({*recipe, 0, 900, DrawPay}, random);
  std::vector<PooledRecord> groups[2], together;
  for (const Member& member : members) {
    groups[static_cast<size_t>(member.values[0])].push_back(RecordOf(member));
    together.push_back(RecordOf(member));
    together.back().x.push_back(member.values[0]);
  }
  const Pooled a = PoolOf(groups[0]), b = PoolOf(groups[1]);
  double explained = 0, unexplained = 0;
  for (size_t i = 0; i < 4; ++i) {
    explained += (a.x[i] - b.x[i]) * a.beta[i];
    unexplained += b.x[i] * (a.beta[i] - b.beta[i]);
  }
  const auto result = recipe->Finish(SumOf(*recipe, members));
  REQUIRE_OK(result);
  RequireValue(*result, {kTable, "raw gap", "value", a.y - b.y});
  RequireValue(*result, {kTable, "explained by the inputs", "value", explained});
  RequireValue(*result, {kTable, "unexplained", "value", unexplained});
  RequireValue(*result,
               {kTable, "adjusted gap", "value", -PooledFit(PooledKind::kLinear, together)[4]});
  RequireValue(*result, {"log(pay) by sex", "women", "mean", b.y});
  RequireValue(*result,
               {"gap of log(pay), percent", "raw gap", "percent", 100 * (1 - std::exp(b.y - a.y))});
}

TEST_CASE("Intervals of gaps hold the truth as often as they say", "[study][.slow]") {
  const auto recipe = RecipeOf(kExample);
  Random random(5);
  const Result truth = RunOnce({*recipe, 0, 1000000, DrawPay}, random);
  const auto value = [&](const char* name) { return Find(truth, kTable, name, "value")->value; };
  RequireCoverage({*recipe, 6, 2000, DrawPay},
                  {{kTable, "raw gap", "value", value("raw gap")},
                   {kTable, "explained by the inputs", "value", value("explained by the inputs")},
                   {kTable, "unexplained", "value", 0.05},
                   {kTable, "adjusted gap", "value", 0.05}},
                  21);
}

TEST_CASE("The stated noise of a gap is what noisy sums spread", "[study][.slow]") {
  const auto recipe = RecipeOf(kExample);
  Random random(8);
  const ReleasedSum exact = SumOf(*recipe, DrawMembers({*recipe, 0, 4000, DrawPay}, random));
  std::normal_distribution<double> noise(0, 5);
  for (const char* name : {"explained by the inputs", "unexplained", "adjusted gap"}) {
    double sum = 0, squares = 0, stated = 0;
    constexpr int kRuns = 3000;
    for (int run = 0; run < kRuns; ++run) {
      ReleasedSum noisy = exact;
      noisy.noise_stddev = 5;
      for (double& v : noisy.values) v += noise(random);
      const Result result = *recipe->Finish(noisy);
      const double found = Find(result, kTable, name, "value")->value;
      sum += found / kRuns;
      squares += found * found / kRuns;
      stated += Find(result, kTable, name, "noise error")->value / kRuns;
    }
    INFO(name);
    // 3000 runs know a standard deviation within 1.3 %; 8 % is six of those.
    CHECK_THAT(stated, WithinRel(std::sqrt(squares - sum * sum), 0.08));
  }
}

TEST_CASE("A gap with a group that is hardly there is withheld, with the reason", "[study]") {
  const auto recipe = RecipeOf(kExample);
  std::vector<double> values(30, 0.0);
  values[0] = 500;
  values[15] = 4;
  const auto result = recipe->Finish({values, 2, 4});
  REQUIRE_OK(result);
  REQUIRE(result->tables.empty());
  REQUIRE_THAT(result->withheld[0].reason, ContainsSubstring("fewer than 10"));
}

}  // namespace mutual::study
