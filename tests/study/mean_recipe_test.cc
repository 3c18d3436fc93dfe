// The mean recipe against pooled values, its bound by brute force, its errors by simulation.
#include <algorithm>

#include "tests/catch.h"
#include "tests/study/example_study.h"

namespace mutual::study {
namespace {

const std::string kByRegion = std::string(kHead) + kMean;
const std::string kRatio = std::string(kHead) +
                           "kind = \"mean\"\n[[recipe.ratio]]\nname = \"pay per hour\"\n"
                           "numerator = \"pay\"\ndenominator = \"hours\"\nlower = 0\nupper = 20\n"
                           "factor = 2\nunit = \"pounds\"\n";

// The mean of a member's column over the rows of a region (all when it is negative).
double MeanOf(const Member& member, size_t column, int region) {
  double sum = 0, count = 0;
  for (size_t r = 0; r < member.rows().row_count(); ++r) {
    if (region >= 0 && member.rows().at(r, 0) != region) continue;
    sum += member.rows().at(r, column);
    ++count;
  }
  return sum / count;  // NaN without rows
}

struct Pooled {
  double count = 0, mean = 0, variance = 0;
};

Pooled Pool(const std::vector<double>& values) {
  Pooled pooled;
  for (const double value : values) pooled.mean += value;
  pooled.count = static_cast<double>(values.size());
  pooled.mean /= pooled.count;
  for (const double value : values)
    pooled.variance += std::pow(value - pooled.mean, 2) / pooled.count;
  return pooled;
}

// The stated error and the spread over `trials` noisy sums of one estimate of the first row.
struct Spread {
  double stated = 0, seen = 0;
};

Spread SpreadOf(const Recipe& recipe, const ReleasedSum& exact, size_t estimate) {
  constexpr int kTrials = 4000;
  std::mt19937_64 random(11);
  std::normal_distribution<double> noise(0, exact.noise_stddev);
  double sum = 0, squares = 0, stated = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    ReleasedSum noisy = exact;
    for (double& value : noisy.values) value += noise(random);
    const auto result = recipe.Finish(noisy);
    const Estimate& found = result->tables[0].rows[0].estimates[estimate];
    sum += found.value;
    squares += found.value * found.value;
    stated += found.standard_error / kTrials;
  }
  const double mean = sum / kTrials;
  return {stated, std::sqrt(squares / kTrials - mean * mean)};
}

}  // namespace

TEST_CASE("The mean recipe has three numbers for each measure and group", "[study]") {
  const auto recipe = RecipeOf(kByRegion);
  REQUIRE(recipe->dimension() == 18);
  REQUIRE(recipe->member_bound() == std::sqrt(18.0));
  REQUIRE_FALSE(recipe->needs_model());
  REQUIRE(RecipeOf(kRatio)->dimension() == 3);
}

TEST_CASE("A member of few rows is in few groups, which lowers the bound", "[study]") {
  const auto recipe = RecipeOf(Replaced(kByRegion, "max_rows = 4", "max_rows = 1"));
  REQUIRE(recipe->member_bound() == std::sqrt(6.0));
}

TEST_CASE("No rows whatever take a member's mean vector over the bound", "[study]") {
  std::mt19937_64 random(7);
  for (const std::string& text :
       {kByRegion, kRatio, Replaced(kByRegion, "max_rows = 4", "max_rows = 2"),
        Replaced(kByRegion, "max_rows = 4", "max_rows = 1")}) {
    const auto recipe = RecipeOf(text);
    std::vector<double> vector(recipe->dimension());
    double largest = 0;
    for (int i = 0; i < 20000; ++i) {
      const Member member = ExtremeMember(random);
      REQUIRE_OK(recipe->MemberVector(member.rows(), vector));
      largest = std::max(largest, Norm(vector));
    }
    REQUIRE(largest <= recipe->member_bound() * (1 + 1e-14));
    REQUIRE(largest >= recipe->member_bound() * (1 - 1e-14));  // the bound is reached
  }
}

TEST_CASE("Rows that are missing or infinite count as absent", "[study]") {
  const auto recipe = RecipeOf(kByRegion);
  std::vector<double> vector(18, 7.0);
  REQUIRE_OK(recipe->MemberVector(Member{}.rows(), vector));
  REQUIRE(Norm(vector) == 0);
  const Member bad{{0, kMissing, INFINITY, 0, INFINITY, kMissing, 5, 1, 1, kMissing, 1, 1}};
  REQUIRE_OK(recipe->MemberVector(bad.rows(), vector));
  REQUIRE(Norm(vector) == 0);
  const Member mixed{{0, 10, 2, 0, kMissing, INFINITY}};
  REQUIRE_OK(recipe->MemberVector(mixed.rows(), vector));
  REQUIRE(vector[0] == 1);
  REQUIRE_THAT(vector[1], WithinAbs(-0.5, 1e-15));
  REQUIRE_THAT(vector[2], WithinAbs(0.25, 1e-15));
  REQUIRE_THAT(vector[4], WithinAbs(-0.75, 1e-15));
}

TEST_CASE("Without noise the means by category are those of the pooled members", "[study]") {
  const auto recipe = RecipeOf(kByRegion);
  const std::vector<Member> members = RandomMembers(500, 1);
  const auto result = recipe->Finish(SumOf(*recipe, members));
  REQUIRE_OK(result);
  REQUIRE(result->tables.size() == 2);
  for (size_t column = 1; column <= 2; ++column) {
    const ResultTable& table = result->tables[column - 1];
    REQUIRE(table.key_columns == std::vector<std::string>{"region"});
    for (int region = 0; region < 3; ++region) {
      std::vector<double> values;
      for (const Member& member : members) {
        const double value = MeanOf(member, column, region);
        if (!std::isnan(value)) values.push_back(value);
      }
      const Pooled pooled = Pool(values);
      const auto& estimates = table.rows[static_cast<size_t>(region)].estimates;
      REQUIRE(estimates[0].name == "count");
      REQUIRE_THAT(estimates[0].value, WithinAbs(pooled.count, 1e-9));
      REQUIRE(estimates[1].name == "mean");
      REQUIRE_THAT(estimates[1].value, WithinAbs(pooled.mean, 1e-9));
      REQUIRE(estimates[2].name == "variance");
      REQUIRE_THAT(estimates[2].value, WithinAbs(pooled.variance, 1e-9));
      REQUIRE_THAT(estimates[1].standard_error,
                   WithinAbs(std::sqrt(pooled.variance / pooled.count), 1e-9));
    }
  }
}

TEST_CASE("Without noise a ratio is that of the members' sums, clamped", "[study]") {
  const auto recipe = RecipeOf(kRatio);
  const std::vector<Member> members = RandomMembers(300, 2);
  std::vector<double> values;
  for (const Member& member : members) {
    values.push_back(std::clamp(2 * MeanOf(member, 1, -1) / MeanOf(member, 2, -1), 0.0, 20.0));
  }
  const auto result = recipe->Finish(SumOf(*recipe, members));
  REQUIRE_OK(result);
  const auto& estimates = result->tables[0].rows[0].estimates;
  REQUIRE_THAT(estimates[1].value, WithinAbs(Pool(values).mean, 1e-9));
  REQUIRE_THAT(estimates[2].value, WithinAbs(Pool(values).variance, 1e-9));
  REQUIRE(estimates[2].unit == "pounds squared");
  REQUIRE_THAT(result->sentences[0], ContainsSubstring("pay per hour, all members: on average"));
}

// 4000 trials: the spread's own error is 1.1 %, the limits are 7 of them away, so a false failure
// has probability below 1e-11.
TEST_CASE("Standard errors include the noise as it spreads the estimates", "[study]") {
  const auto recipe = RecipeOf(Replaced(kByRegion, "by = \"region\"\n", ""));
  const std::vector<Member> members = RandomMembers(2000, 3);
  ReleasedSum sum = SumOf(*recipe, members);
  const double sampling =
      std::sqrt((*recipe->Finish(sum)).tables[0].rows[0].estimates[2].value / 2000);
  const double variance_sampling =
      (*recipe->Finish(sum)).tables[0].rows[0].estimates[2].standard_error;
  sum.noise_stddev = 60;
  const Spread count = SpreadOf(*recipe, sum, 0);
  REQUIRE_THAT(count.seen, WithinRel(60.0, 0.08));
  REQUIRE_THAT(count.stated, WithinAbs(60, 1e-9));
  const Spread mean = SpreadOf(*recipe, sum, 1);
  REQUIRE_THAT(std::sqrt(mean.stated * mean.stated - sampling * sampling),
               WithinRel(mean.seen, 0.08));
  const Spread variance = SpreadOf(*recipe, sum, 2);
  REQUIRE_THAT(std::sqrt(std::pow(variance.stated, 2) - std::pow(variance_sampling, 2)),
               WithinRel(variance.seen, 0.08));
}

// The mean of 400 samples of half the members: as above, 2000 trials, 1.6 % and 6 of them: below
// 1e-8.
TEST_CASE("With sampled members the errors include who was sampled", "[study]") {
  const auto recipe = RecipeOf(Replaced(Replaced(kByRegion, "by = \"region\"\n", ""),
                                        "sampling_rate = 1", "sampling_rate = 0.5"));
  std::mt19937_64 random(5);
  double squares = 0, stated = 0;
  constexpr int kTrials = 2000;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<Member> sampled;
    for (int i = 0; i < 400; ++i) {
      if (random() % 2 == 0) sampled.push_back({{0, 20, 3}});
    }
    ReleasedSum sum = SumOf(*recipe, sampled);
    for (double& value : sum.values) value /= 0.5;
    const Estimate count = (*recipe->Finish(sum)).tables[0].rows[0].estimates[0];
    squares += std::pow(count.value - 400, 2) / kTrials;
    stated += count.standard_error / kTrials;
  }
  REQUIRE_THAT(std::sqrt(squares), WithinRel(stated, 0.1));
}

TEST_CASE("A mean of too few members is withheld and never printed as a number", "[study]") {
  const auto recipe = RecipeOf(kByRegion);
  ReleasedSum sum{std::vector<double>(18, 0.0), 30, 4};
  for (const double count : {-50.0, 0.0, 9.9, 80.0}) {
    for (size_t i = 0; i < 18; i += 3) sum.values[i] = count;
    const auto result = recipe->Finish(sum);
    REQUIRE_OK(result);
    for (const ResultRow& row : result->tables[0].rows) {
      REQUIRE(std::isnan(row.estimates[1].value));
      REQUIRE(std::isnan(row.estimates[2].value));
    }
    REQUIRE_THAT(result->sentences[0], ContainsSubstring("withheld"));
    for (const std::string& text : {ToText(*result), ToCsv(*result), ToJson(*result)}) {
      REQUIRE(text.find("nan") == std::string::npos);
      REQUIRE(text.find("inf") == std::string::npos);
    }
  }
}

TEST_CASE("Noise cannot take a mean out of its bounds or a variance below zero", "[study]") {
  const auto recipe = RecipeOf(kRatio);
  const auto result = recipe->Finish({{100, 150, -40}, 20, 4});
  REQUIRE_OK(result);
  REQUIRE(result->tables[0].rows[0].estimates[1].value == 20);
  REQUIRE(result->tables[0].rows[0].estimates[2].value == 0);
}

TEST_CASE("A mean of another length is an internal error", "[study]") {
  const auto result = RecipeOf(kByRegion)->Finish({{1, 2}, 1, 1});
  REQUIRE(result.status().code() == absl::StatusCode::kInternal);
  REQUIRE_THAT(std::string(result.status().message()), ContainsSubstring("got 2 values, want 18"));
}

}  // namespace mutual::study
