// Several recipes that share one budget: each answers as it would alone.
#include "tests/study/simulated_study.h"

namespace mutual::study {
namespace {

const std::string kExample = RecipeExample("README");

Member DrawPay(Random& random) {
  std::uniform_real_distribution<double> unit(0, 1);
  return {{unit(random) < 0.5 ? 0.0 : 1.0, 10 + 30 * unit(random)}, 2};
}

}  // namespace

TEST_CASE("A joint vector holds its parts and has the bound 1", "[study]") {
  const auto recipe = RecipeOf(kExample);
  REQUIRE(recipe->dimension() == 6 + 52);
  REQUIRE(recipe->member_bound() == 1);
  RequireBound(*recipe, 2);
  REQUIRE(KindName(LintText(kExample).study->recipe) == "joint");
}

TEST_CASE("Without noise each part answers as a study of its own", "[study]") {
  const auto joint = RecipeOf(kExample);
  Random random(2);
  const std::vector<Member> members = DrawMembers({*joint, 0, 500, DrawPay}, random);
  const auto both = joint->Finish(SumOf(*joint, members));
  REQUIRE_OK(both);
  const std::string blocks = TomlBlocks(ReadText("docs/recipes/README.md"))[0];
  const std::string columns = blocks.substr(0, blocks.find("[[recipe]]"));
  const auto mean =
      RecipeOf(StudyAround(columns + "[recipe]\nkind = \"mean\"\ncolumns = [\"pay\"]\n"
                                     "by = \"sex\"\n"));
  const auto alone = mean->Finish(SumOf(*mean, members));
  REQUIRE_OK(alone);
  for (const char* sex : {"men", "women"}) {
    for (const char* estimate : {"count", "mean", "variance"}) {
      RequireValue(*both,
                   {"average: pay", sex, estimate, Find(*alone, "pay", sex, estimate)->value});
    }
  }
  REQUIRE(Find(*both, "spread: inequality of pay", "Gini coefficient", "value").has_value());
  REQUIRE(both->sentences[0].rfind("average: ", 0) == 0);
}

TEST_CASE("A part's noise is that of its share of the budget", "[study]") {
  const auto joint = RecipeOf(kExample);
  ReleasedSum sum{std::vector<double>(58, 0.0), 1, 4};
  sum.values[0] = 1000;  // men: count, and no more
  const auto result = joint->Finish(sum);
  REQUIRE_OK(result);
  const double bound = std::sqrt(6.0);  // of the mean recipe, two groups
  RequireValue(*result, {"average: pay", "men", "count", 1000 * bound / std::sqrt(0.4)});
  REQUIRE_THAT(Find(*result, "average: pay", "men", "count")->standard_error,
               WithinAbs(bound / std::sqrt(0.4), 1e-9));
}

TEST_CASE("What is wrong with several recipes is found", "[study]") {
  const auto codes = [](const std::string& text) {
    std::string all;
    for (const Problem& problem : LintText(text).problems) all += problem.message + "\n";
    return all;
  };
  CHECK_THAT(codes(Replaced(kExample, "share = 0.4", "share = 0.5")),
             ContainsSubstring("add up to 1.1"));
  CHECK_THAT(codes(Replaced(kExample, "share = 0.4", "")), ContainsSubstring("or none"));
  CHECK_THAT(codes(Replaced(kExample, "\"spread\"", "\"average\"")),
             ContainsSubstring("two recipes are called"));
  CHECK_THAT(codes(Replaced(kExample, "name = \"spread\"", "")), ContainsSubstring("has no name"));
  CHECK(codes(kExample).empty());
  const std::string equal = Replaced(Replaced(kExample, "share = 0.4", ""), "share = 0.6", "");
  CHECK(std::get<JointSpec>(LintText(equal).study->recipe).parts[1].share == 0.5);
}

TEST_CASE("Nothing is released of fewer organisations than the study asks for", "[study]") {
  for (const std::string& text : {kExample, RecipeExample("table"), std::string(kHead) + kMean,
                                  std::string(kHead) + kHistogram}) {
    const auto recipe = RecipeOf(text);
    const auto result = recipe->Finish({std::vector<double>(recipe->dimension(), 50.0), 1, 3});
    REQUIRE_OK(result);
    REQUIRE(result->tables.empty());
    REQUIRE(result->withheld.size() == 1);
    REQUIRE_THAT(ToText(*result), ContainsSubstring("fewer than 4 organisations"));
  }
}

}  // namespace mutual::study
