// The rate recipe against pooled sums, its bound by brute force, its intervals by simulation.
#include "tests/study/simulated_study.h"

namespace mutual::study {
namespace {

const std::string kExample = RecipeExample("rate");
const std::string kRate = "injuries per 200,000 hours";
const std::string kRatio = kRate + ", compared with 6 months and more";
const char* const kBands[] = {"6 months and more", "1 to 6 months", "under 1 month"};

// Three months of one member: tenure rises, hours near 150, rare injuries by a rate per hour that
// is 1, 1.4 and 2.6 times 1.2 in 1000; members differ in how careful their site is.
Member DrawMonths(Random& random) {
  std::uniform_real_distribution<double> unit(0, 1);
  std::normal_distribution<double> hours(150, 25);
  const double start = std::floor(3 * unit(random));
  const double site = unit(random) < 0.5 ? 0.7 : 1.3;
  Member member{{}, 3};
  for (int month = 0; month < 3; ++month) {
    const double tenure = std::max(0.0, start - month);
    const double worked = std::clamp(hours(random), 20.0, 190.0);
    const double rate = 0.0012 * site * (tenure == 2 ? 2.6 : tenure == 1 ? 1.4 : 1);
    std::poisson_distribution<int> injuries(rate * worked);
    const double seen = std::min(1, injuries(random));
    member.values.insert(member.values.end(), {tenure, worked, month == 2 ? 0.0 : seen});
  }
  return member;
}

struct Sums {
  double events[3] = {}, exposure[3] = {}, members[3] = {};
};

Sums Pool(const std::vector<Member>& members) {
  Sums sums;
  for (const Member& member : members) {
    bool there[3] = {};
    for (size_t r = 0; r < member.rows().row_count(); ++r) {
      const auto band = static_cast<size_t>(member.rows().at(r, 0));
      sums.exposure[band] += member.rows().at(r, 1);
      sums.events[band] += member.rows().at(r, 2);
      there[band] = true;
    }
    for (size_t band = 0; band < 3; ++band) sums.members[band] += there[band] ? 1 : 0;
  }
  return sums;
}

}  // namespace

TEST_CASE("A rate vector has six numbers a group and four cross products", "[study]") {
  const auto recipe = RecipeOf(kExample);
  REQUIRE(recipe->dimension() == 6 * 3 + 4 * 2);
  REQUIRE(recipe->member_bound() == std::sqrt(3.75));
  const auto whole = RecipeOf(Replaced(kExample, "by = \"tenure\"", ""));
  REQUIRE(whole->dimension() == 6);
  REQUIRE(whole->member_bound() == std::sqrt(3.0));
}

TEST_CASE("No rows whatever take a member's rate vector over the bound", "[study]") {
  for (const std::string& text : {kExample, Replaced(kExample, "max_rows = 4", "max_rows = 1"),
                                  Replaced(kExample, "by = \"tenure\"", "")}) {
    RequireBound(*RecipeOf(text), 3);
  }
  // Everything at its bound, spread over the groups in every way.
  const auto recipe = RecipeOf(Replaced(kExample, "exposure_bound = 600", "exposure_bound = 100"));
  Random random(8);
  std::vector<double> vector(recipe->dimension());
  for (int i = 0; i < 20000; ++i) {
    Member member{{}, 3};
    for (int row = 0; row < 4; ++row) {
      const auto group = static_cast<double>(random() % 3);
      member.values.insert(member.values.end(), {group, static_cast<double>(random() % 231),
                                                 static_cast<double>(random() % 3)});
    }
    REQUIRE_OK(recipe->MemberVector(member.rows(), vector));
    REQUIRE(Norm(vector) <= recipe->member_bound());
  }
}

TEST_CASE("Without noise rates and their ratios are those of the pooled sums", "[study]") {
  const auto recipe = RecipeOf(kExample);
  Random random(3);
  const std::vector<Member> members = DrawMembers({*recipe, 0, 4000, DrawMonths}, random);
  const Sums sums = Pool(members);
  const auto result = recipe->Finish(SumOf(*recipe, members));
  REQUIRE_OK(result);
  const double base = sums.events[0] / sums.exposure[0];
  for (size_t band = 0; band < 3; ++band) {
    const double rate = sums.events[band] / sums.exposure[band];
    RequireValue(*result, {kRate, kBands[band], "members", sums.members[band]});
    RequireValue(*result, {kRate, kBands[band], "rate", 200000 * rate});
    if (band > 0) RequireValue(*result, {kRatio, kBands[band], "ratio", rate / base});
  }
}

TEST_CASE("Without noise a rate's error is that of a ratio of sums over members", "[study]") {
  const auto recipe = RecipeOf(kExample);
  Random random(4);
  const std::vector<Member> members = DrawMembers({*recipe, 0, 3000, DrawMonths}, random);
  const Sums sums = Pool(members);
  const double rate = sums.events[1] / sums.exposure[1];
  double squares = 0;
  for (const Member& member : members) {
    double residual = 0;
    for (size_t r = 0; r < 3; ++r) {
      if (member.rows().at(r, 0) != 1) continue;
      residual += member.rows().at(r, 2) - rate * member.rows().at(r, 1);
    }
    squares += residual * residual;
  }
  const auto result = recipe->Finish(SumOf(*recipe, members));
  const double error = Find(*result, kRate, kBands[1], "rate")->standard_error;
  CHECK_THAT(error, WithinRel(200000 * std::sqrt(squares) / sums.exposure[1], 1e-9));
}

TEST_CASE("Intervals of rates and ratios hold the truth as often as they say", "[study][.slow]") {
  const auto recipe = RecipeOf(kExample);
  Random random(6);
  const Sums sums = Pool(DrawMembers({*recipe, 0, 2000000, DrawMonths}, random));
  const auto rate = [&](size_t band) { return sums.events[band] / sums.exposure[band]; };
  RequireCoverage({*recipe, 2, 6000, DrawMonths},
                  {{kRate, kBands[0], "rate", 200000 * rate(0)},
                   {kRate, kBands[2], "rate", 200000 * rate(2)},
                   {kRatio, kBands[1], "ratio", rate(1) / rate(0)},
                   {kRatio, kBands[2], "ratio", rate(2) / rate(0)}},
                  15);
}

TEST_CASE("A rate of ten cases under the noise is withheld, with the reason", "[study]") {
  const auto recipe = RecipeOf(kExample);
  ReleasedSum sum{std::vector<double>(26, 0.0), 4, 4};
  for (size_t group = 0; group < 3; ++group) {
    sum.values[6 * group] = 200;                       // 400 members
    sum.values[6 * group + 1] = group == 1 ? 5 : 300;  // ten cases, of two at most a member
    sum.values[6 * group + 2] = 150;
  }
  const auto result = recipe->Finish(sum);
  REQUIRE_OK(result);
  REQUIRE(std::isfinite(Find(*result, kRate, kBands[0], "rate")->value));
  REQUIRE(std::isnan(Find(*result, kRate, kBands[1], "rate")->value));
  REQUIRE(std::isnan(Find(*result, kRatio, kBands[1], "ratio")->value));
  REQUIRE(result->withheld.size() == 2);
}

}  // namespace mutual::study
