// The histogram recipe against pooled values, its bound by brute force, its quantiles.
#include <algorithm>
#include <map>

#include "tests/catch.h"
#include "tests/study/example_study.h"

namespace mutual::study {
namespace {

const std::string kOne = std::string(kHead) + kHistogram;
const std::string kTwo =
    std::string(kHead) + "kind = \"histogram\"\ncolumns = [\"pay\", \"region\"]\nbins = [5, 0]\n";

double PayOf(const Member& member) {
  double sum = 0;
  const size_t rows = member.rows().row_count();
  for (size_t r = 0; r < rows; ++r) sum += member.rows().at(r, 1);
  return sum / static_cast<double>(rows);
}

int RegionOf(const Member& member) {
  std::map<int, int> counts;
  int best = -1;
  for (size_t r = 0; r < member.rows().row_count(); ++r) {
    const int region = static_cast<int>(member.rows().at(r, 0));
    if (++counts[region] > (best < 0 ? 0 : counts[best])) best = region;
  }
  return best;
}

}  // namespace

TEST_CASE("A histogram has one number a bin and the bound 1", "[study]") {
  REQUIRE(RecipeOf(kOne)->dimension() == 8);
  REQUIRE(RecipeOf(kTwo)->dimension() == 15);
  REQUIRE(RecipeOf(kTwo)->member_bound() == 1);
  REQUIRE_FALSE(RecipeOf(kTwo)->needs_model());
}

TEST_CASE("No rows whatever take a member's histogram vector over the bound", "[study]") {
  std::mt19937_64 random(7);
  for (const std::string& text : {kOne, kTwo}) {
    const auto recipe = RecipeOf(text);
    std::vector<double> vector(recipe->dimension());
    for (int i = 0; i < 20000; ++i) {
      const Member member = ExtremeMember(random);
      REQUIRE_OK(recipe->MemberVector(member.rows(), vector));
      REQUIRE((Norm(vector) == 0 || Norm(vector) == 1));
    }
  }
}

TEST_CASE("A value on an edge falls into the bin above, the last edge into the last bin",
          "[study]") {
  const auto recipe = RecipeOf(kOne);
  std::vector<double> vector(8);
  for (const auto& [value, bin] : std::vector<std::pair<double, size_t>>{
           {-5, 0}, {0, 0}, {4.999, 0}, {5, 1}, {35, 7}, {40, 7}, {1e300, 7}}) {
    REQUIRE_OK(recipe->MemberVector(Member{{0, value, 1}}.rows(), vector));
    REQUIRE(vector[bin] == 1);
    REQUIRE(Norm(vector) == 1);
  }
  REQUIRE_OK(recipe->MemberVector(Member{{0, kMissing, 1}}.rows(), vector));
  REQUIRE(Norm(vector) == 0);
}

TEST_CASE("Without noise the bins count the pooled members", "[study]") {
  const auto recipe = RecipeOf(kOne);
  const std::vector<Member> members = RandomMembers(1000, 4);
  std::vector<double> counts(8);
  for (const Member& member : members) ++counts[static_cast<size_t>(PayOf(member) / 5)];
  const auto result = recipe->Finish(SumOf(*recipe, members));
  REQUIRE_OK(result);
  REQUIRE(result->tables[0].rows.size() == 8);
  for (size_t i = 0; i < 8; ++i) {
    REQUIRE_THAT(result->tables[0].rows[i].estimates[0].value, WithinAbs(counts[i], 1e-9));
  }
  REQUIRE(result->tables[0].rows[1].keys == std::vector<std::string>{"5 to 10"});
  REQUIRE_THAT(result->sentences[0], ContainsSubstring("about 1000 members"));
}

TEST_CASE("Without noise the cells of two measures count the pooled members", "[study]") {
  const auto recipe = RecipeOf(kTwo);
  const std::vector<Member> members = RandomMembers(1000, 5);
  std::map<std::vector<std::string>, double> counts;
  const std::vector<std::string> regions = {"north", "south", "west"};
  const std::vector<std::string> pays = {"0 to 8", "8 to 16", "16 to 24", "24 to 32", "32 to 40"};
  for (const Member& member : members) {
    ++counts[{pays[static_cast<size_t>(PayOf(member) / 8)],
              regions[static_cast<size_t>(RegionOf(member))]}];
  }
  const auto result = recipe->Finish(SumOf(*recipe, members));
  REQUIRE_OK(result);
  REQUIRE(result->tables[0].key_columns == std::vector<std::string>{"pay", "region"});
  REQUIRE(result->tables[0].rows.size() == 15);
  for (const ResultRow& row : result->tables[0].rows) {
    REQUIRE_THAT(row.estimates[0].value, WithinAbs(counts[row.keys], 1e-9));
  }
}

TEST_CASE("Without noise a quantile is the linear one of the pooled bins", "[study]") {
  const auto recipe = RecipeOf(kOne);
  const std::vector<Member> members = RandomMembers(1000, 6);
  const ReleasedSum sum = SumOf(*recipe, members);
  const auto result = recipe->Finish(sum);
  REQUIRE_OK(result);
  REQUIRE(result->tables[1].title == "quantiles of pay");
  for (size_t i = 0; i < 2; ++i) {
    const double rank = (i == 0 ? 0.25 : 0.5) * 1000;
    double below = 0;
    size_t bin = 0;
    while (below + sum.values[bin] < rank) below += sum.values[bin++];
    const double wanted = 5 * (static_cast<double>(bin) + (rank - below) / sum.values[bin]);
    const auto& estimates = result->tables[1].rows[i].estimates;
    REQUIRE_THAT(estimates[0].value, WithinAbs(wanted, 1e-9));
    REQUIRE(estimates[1].value < wanted);
    REQUIRE(estimates[2].value > wanted);
    REQUIRE(estimates[3].value == 5);
  }
}

TEST_CASE("Each bin's standard error is the noise, and sampling when members are sampled",
          "[study]") {
  const ReleasedSum sum{std::vector<double>(8, 100.0), 30, 4};
  const auto whole = RecipeOf(kOne)->Finish(sum);
  REQUIRE(whole->tables[0].rows[0].estimates[0].standard_error == 30);
  const auto half =
      RecipeOf(Replaced(kOne, "sampling_rate = 1", "sampling_rate = 0.5"))->Finish(sum);
  REQUIRE_THAT(half->tables[0].rows[0].estimates[0].standard_error,
               WithinAbs(std::sqrt(900.0 + 100.0), 1e-12));
}

TEST_CASE("Quantiles of too few members are withheld in words", "[study]") {
  const auto result = RecipeOf(kOne)->Finish({std::vector<double>(8, -3.0), 30, 4});
  REQUIRE_OK(result);
  REQUIRE(result->tables.size() == 1);
  REQUIRE_THAT(result->sentences[0], ContainsSubstring("about 0 members"));
  REQUIRE_THAT(result->sentences[1], ContainsSubstring("withheld"));
}

TEST_CASE("Narrow bins have names that differ", "[study]") {
  const std::string text =
      Replaced(Replaced(kOne, "lower = 0\nupper = 40", "lower = 1000\nupper = 1000.8"),
               "quantiles = [0.25, 0.5]\n", "");
  const auto result = RecipeOf(text)->Finish({std::vector<double>(8, 5.0), 1, 4});
  REQUIRE(result->tables[0].rows[1].keys[0] == "1000.10 to 1000.20");
}

TEST_CASE("A histogram of a hundred thousand bins is finished at once", "[study]") {
  const auto recipe = RecipeOf(Replaced(kOne, "[8]", "[100000]"));
  const auto result = recipe->Finish({std::vector<double>(100000, 1.0), 1, 4});
  REQUIRE_OK(result);
  REQUIRE(ToText(*result).size() > 1000000);
}

TEST_CASE("A histogram of another length is an internal error", "[study]") {
  const auto result = RecipeOf(kOne)->Finish({{1, 2}, 1, 1});
  REQUIRE(result.status().code() == absl::StatusCode::kInternal);
  REQUIRE_THAT(std::string(result.status().message()), ContainsSubstring("got 2 values, want 8"));
}

}  // namespace mutual::study
