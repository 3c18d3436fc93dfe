// The documents and examples that people copy from are sound studies.
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "study/organisation_figure.h"
#include "tests/catch.h"
#include "tests/study/example_study.h"

namespace mutual::study {
namespace {

std::string Read(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void RequireSound(const std::string& text) {
  const LintResult result = LintText(text);
  for (const Problem& problem : result.problems) {
    UNSCOPED_INFO(problem.line << " " << problem.code << ": " << problem.message);
  }
  REQUIRE(result.study.has_value());
  REQUIRE(result.warnings.empty());
}

}  // namespace

TEST_CASE("Every example of the document is a sound study, one for each recipe", "[study]") {
  const auto blocks = TomlBlocks(Read(std::string(MUTUAL_SOURCE_DIR) + "/docs/STUDY_FILE.md"));
  REQUIRE(blocks.size() == 3);
  for (size_t i = 0; i < blocks.size(); ++i) {
    INFO("example " << i + 1);
    RequireSound(blocks[i]);
    REQUIRE(LintText(blocks[i]).study->recipe.index() == i);
  }
}

TEST_CASE("Every example of the recipes' pages is a sound study of that recipe", "[study]") {
  const std::filesystem::path folder = std::string(MUTUAL_SOURCE_DIR) + "/docs/recipes";
  std::set<std::string> kinds;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    const size_t examples = TomlBlocks(Read(entry.path())).size();
    INFO(entry.path());
    REQUIRE(examples > 0);
    for (size_t i = 0; i < examples; ++i) {
      RequireSound(RecipeExample(name, i));
      kinds.insert(std::string(KindName(LintText(RecipeExample(name, i)).study->recipe)));
      if (name != "README") REQUIRE(kinds.count(name) == 1);
    }
  }
  REQUIRE(kinds == std::set<std::string>{"change", "gap", "inequality", "joint", "quantile", "rate",
                                         "regression", "survival", "table"});
}

TEST_CASE("The document names every code that lint reports", "[study]") {
  const std::string text = Read(std::string(MUTUAL_SOURCE_DIR) + "/docs/STUDY_FILE.md");
  for (const char* code : {"BAD_BOUNDS",
                           "COHORT",
                           "EXPIRED",
                           "FILE_TOO_LONG",
                           "IMPOSSIBLE_PRIVACY",
                           "MISSING_DEFINITION",
                           "MISSING_KEY",
                           "NOT_TOML",
                           "NOT_UTF8",
                           "ORGANISATION_FIGURE",
                           "RECIPE",
                           "REPEATED_CATEGORY",
                           "REPEATED_COLUMN",
                           "SATURATION_LIKELY",
                           "TOO_FEW_CATEGORIES",
                           "UNBOUNDED_COLUMN",
                           "UNKNOWN_COLUMN",
                           "UNKNOWN_KEY",
                           "UNPRINTABLE_TEXT",
                           "VECTOR_TOO_LONG",
                           "WRONG_TYPE"}) {
    INFO(code);
    REQUIRE(text.find("`" + std::string(code) + "`") != std::string::npos);
  }
}

TEST_CASE("The studies of the demos are sound", "[study]") {
  int found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           std::string(MUTUAL_SOURCE_DIR) + "/examples")) {
    if (entry.path().extension() != ".toml") continue;
    INFO(entry.path());
    if (entry.path().parent_path().filename() == "refused") {
      // By lint, or by a federation that knows one site more than the file names.
      const LintResult result = LintText(Read(entry.path()));
      const std::vector<std::string> enrolled = {"site-09"};
      const auto problem = result.study ? OrganisationFigure(*result.study, enrolled)
                                        : std::optional<Problem>(result.problems.at(0));
      REQUIRE(result.problems.size() == (result.study ? 0u : 1u));
      REQUIRE(problem.has_value());
      REQUIRE(problem->code == "ORGANISATION_FIGURE");
      continue;
    }
    RequireSound(Read(entry.path()));
    ++found;
  }
  REQUIRE(found >= 11);
}

}  // namespace mutual::study
