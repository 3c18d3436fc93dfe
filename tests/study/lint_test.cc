// Bad files: every problem at once, each with its code and line.
#include "privacy/grid.h"
#include "study/organisation_figure.h"
#include "tests/catch.h"
#include "tests/study/example_study.h"

namespace mutual::study {
namespace {

struct Bad {
  std::string what;
  std::string from, to;  // a change of the sound file
  std::string code;
  int line;
  std::string says;
};

void RequireOnly(const Bad& bad, const std::string& text) {
  const LintResult result = LintText(text);
  std::string all;
  for (const Problem& problem : result.problems) {
    all += std::to_string(problem.line) + " " + problem.code + ": " + problem.message + "\n";
  }
  INFO(bad.what << "\n" << all);
  REQUIRE_FALSE(result.study.has_value());
  REQUIRE(result.problems.size() == 1);
  REQUIRE(result.problems[0].code == bad.code);
  REQUIRE(result.problems[0].line == bad.line);
  REQUIRE_THAT(result.problems[0].message, ContainsSubstring(bad.says));
}

const std::vector<Bad> kBadHeads = {
    {"an empty title", "\"Pay\"", "\"\"", "WRONG_TYPE", 1, "says something"},
    {"a title of two lines", "\"Pay\"", "\"Pay\\nnow\"", "UNPRINTABLE_TEXT", 1, "line break"},
    {"a terminal escape", "\"Pay\"", "\"\\u001b[2J\"", "UNPRINTABLE_TEXT", 1, "control"},
    {"writing turned round", "To know it", "\u202Eit", "UNPRINTABLE_TEXT", 2, "invisible"},
    {"writing turned round by an escape", "To know it", "\\u202E", "UNPRINTABLE_TEXT", 2,
     "invisible"},
    {"hidden text in a comment", "\"Figures.\"", "\"Figures.\" # \u2066", "UNPRINTABLE_TEXT", 3,
     "vote"},
    {"a date in quotes", "2035-12-31", "\"2035-12-31\"", "WRONG_TYPE", 6, "without quotes"},
    {"a day in the past", "2035-12-31", "2029-12-31", "EXPIRED", 6, "2029-12-31"},
    {"a day that is none", "2035-12-31", "2035-02-30", "NOT_TOML", 6, "not TOML"},
    {"a key twice", "licence =", "contact =", "NOT_TOML", 5, "contact"},
    {"an unknown key", "table =", "tables = 1\ntable =", "UNKNOWN_KEY", 9, "\"tables\""},
    {"an unknown section", "[privacy]", "[secrecy]\n[privacy]", "UNKNOWN_KEY", 33, "\"secrecy\""},
    {"the member column asked for", "name = \"hours\"", "name = \"member_ref\"", "REPEATED_COLUMN",
     27, "must not be asked"},
    {"a column twice", "name = \"hours\"", "name = \"pay\"", "REPEATED_COLUMN", 27, "twice"},
    {"no definition", "definition = \"What the member received.\"\n", "", "MISSING_DEFINITION", 18,
     "people vote"},
    {"an empty definition", "\"What the member received.\"", "\"\"", "WRONG_TYPE", 24,
     "definition"},
    {"an unknown type", "\"real\"", "\"number\"", "WRONG_TYPE", 20, "want real, integer"},
    {"no upper bound", "upper = 40\n", "", "UNBOUNDED_COLUMN", 18, "no noise is enough"},
    {"no bounds", "lower = 0\nupper = 40\n", "", "UNBOUNDED_COLUMN", 18, "\"pay\""},
    {"bounds the wrong way round", "upper = 40", "upper = -40", "UNBOUNDED_COLUMN", 18,
     "lower < upper"},
    {"an infinite bound", "upper = 40", "upper = inf", "WRONG_TYPE", 22, "finite"},
    {"a bound beyond arithmetic", "upper = 40", "upper = 1e300", "BAD_BOUNDS", 22, "1e+12"},
    {"bounds too close", "upper = 40", "upper = 1e-12", "BAD_BOUNDS", 22, "too close"},
    {"a broken bound of whole numbers", "lower = 1", "lower = 0.5", "BAD_BOUNDS", 29, "whole"},
    {"a category twice", "\"west\"", "\"north\"", "REPEATED_CATEGORY", 15, "\"north\""},
    {"one category", "[\"north\", \"south\", \"west\"]", "[\"north\"]", "TOO_FEW_CATEGORIES", 15,
     "two"},
    {"an empty category", "\"west\"", "\"\"", "WRONG_TYPE", 15, "categories"},
    {"bounds of a category", "categories =", "lower = 0\ncategories =", "UNKNOWN_KEY", 15, "lower"},
    {"noise below the accountant", "noise_multiplier = 2", "noise_multiplier = 0.1",
     "IMPOSSIBLE_PRIVACY", 34, "0.2"},
    {"noise and a target", "delta =", "target_epsilon_node = 1\ndelta =", "IMPOSSIBLE_PRIVACY", 33,
     "exactly one"},
    {"neither noise nor a target", "noise_multiplier = 2\n", "", "IMPOSSIBLE_PRIVACY", 33,
     "exactly one"},
    {"a target that nothing meets", "noise_multiplier = 2", "target_epsilon_node = 0.0001",
     "IMPOSSIBLE_PRIVACY", 33, "no noise"},
    {"a target of nothing", "noise_multiplier = 2", "target_epsilon_node = 0", "IMPOSSIBLE_PRIVACY",
     34, "above 0"},
    {"no delta", "delta = 1e-6", "delta = 0", "IMPOSSIBLE_PRIVACY", 35, "above 0"},
    {"a delta of one in a hundred", "delta = 1e-6", "delta = 0.01", "IMPOSSIBLE_PRIVACY", 35,
     "0.001"},
    {"nobody sampled", "sampling_rate = 1", "sampling_rate = 0", "IMPOSSIBLE_PRIVACY", 36,
     "above 0"},
    {"more than all sampled", "sampling_rate = 1", "sampling_rate = 1.5", "IMPOSSIBLE_PRIVACY", 36,
     "1.5"},
    {"no rows", "max_rows = 4", "max_rows = 0", "IMPOSSIBLE_PRIVACY", 37, "at least 1"},
    {"half a row", "max_rows = 4", "max_rows = 4.5", "WRONG_TYPE", 37, "whole number"},
    {"a clip of a statistic", "max_rows = 4", "max_rows = 4\nclip = 1", "IMPOSSIBLE_PRIVACY", 38,
     "training"},
    {"too few nodes", "min_nodes = 4", "min_nodes = 2", "COHORT", 40, "assumed_colluders + 2 = 3"},
    {"too many nodes", "min_nodes = 4", "min_nodes = 4000", "COHORT", 40, "1000"},
    {"nobody colludes", "colluders = 1", "colluders = 0", "COHORT", 41, "at least 1"},
    {"a deadline without unit", "\"60s\"", "\"60\"", "COHORT", 42, "30s"},
    {"a deadline of infinity", "\"60s\"", "\"inf\"", "COHORT", 42, "1440h"},
    {"a negative window", "\"10m\"", "\"-10m\"", "COHORT", 43, "100ms"},
    {"a window that is a number", "\"10m\"", "10", "WRONG_TYPE", 43, "quotes"},
    {"noise that leaves no room in the ring", "min_nodes = 4", "min_nodes = 1000\n",
     "VECTOR_TOO_LONG", 51, "modulo"},
    {"no scrutineers",
     "[scrutineers]\norganisations = [\"mill\", \"mine\", \"quay\", \"yard\"]\n"
     "threshold = 2\noperator_nodes = []\n",
     "", "MISSING_KEY", 1, "scrutineers"},
    {"one scrutineer", "[\"mill\", \"mine\", \"quay\", \"yard\"]", "[\"mill\"]", "SCRUTINEERS", 46,
     "2 to 7"},
    {"a scrutineer twice", "\"yard\"", "\"quay\"", "SCRUTINEERS", 46, "twice"},
    {"a scrutineer of no name", "\"yard\"", "\"East wing\"", "SCRUTINEERS", 46, "enrolled"},
    {"a threshold of one", "threshold = 2", "threshold = 1", "SCRUTINEERS", 47, "at least 2"},
    {"the operator as scrutineer",
     "colluders = 1\ndeadline = \"60s\"\njoin_window = \"10m\"\n\n[scrutineers]\norganisations = "
     "[\"mill\", \"mine\", \"quay\", \"yard\"]\nthreshold = 2\noperator_nodes = []",
     "colluders = 2\ndeadline = \"60s\"\njoin_window = \"10m\"\n\n[scrutineers]\norganisations = "
     "[\"mill\", \"mine\", \"quay\", \"yard\"]\nthreshold = 2\noperator_nodes = [\"yard\"]",
     "SCRUTINEERS", 46, "operator"},
    {"scrutineers who collude unassumed", "threshold = 2", "threshold = 3", "SCRUTINEERS", 47,
     "at least 2"},
    {"an unsaid operator", "operator_nodes = []\n", "", "MISSING_KEY", 45, "operator_nodes"},
};

struct BadRecipe {
  std::string recipe;
  std::string code;
  int line;  // after kRecipeLine
  std::string says;
};

const std::vector<BadRecipe> kBadStatistics = {
    {"kind = \"median\"\ncolumns = 3\n", "RECIPE", 1, "want mean"},
    {"kind = \"mean\"\n", "MISSING_KEY", 0, "columns"},
    {"kind = \"mean\"\ncolumns = [\"wage\"]\n", "UNKNOWN_COLUMN", 2, "\"wage\""},
    {"kind = \"mean\"\ncolumns = [\n\"pay\",\n\"wage\"]\n", "UNKNOWN_COLUMN", 4, "\"wage\""},
    {"kind = \"mean\"\ncolumns = [\"region\"]\n", "WRONG_TYPE", 2, "not a number"},
    {"kind = \"mean\"\ncolumns = [\"pay\", \"pay\"]\n", "RECIPE", 2, "twice"},
    {"kind = \"mean\"\ncolumns = [\"pay\"]\nby = \"hours\"\n", "WRONG_TYPE", 3, "not a category"},
    {"kind = \"mean\"\ncolumns = [\"pay\"]\nby = \"county\"\n", "UNKNOWN_COLUMN", 3, "county"},
    {"kind = \"mean\"\ncolumns = [\"pay\"]\nbins = [3]\n", "UNKNOWN_KEY", 3, "bins"},
    {"kind = \"histogram\"\ncolumns = [\"pay\"]\n", "MISSING_KEY", 0, "bins"},
    {"kind = \"histogram\"\ncolumns = [\"pay\"]\nbins = [8, 8]\n", "RECIPE", 3, "2 numbers for 1"},
    {"kind = \"histogram\"\ncolumns = [\"pay\"]\nbins = [2.5]\n", "RECIPE", 3, "2.5"},
    {"kind = \"histogram\"\ncolumns = [\"pay\"]\nbins = [1e300]\n", "RECIPE", 3, "100000"},
    {"kind = \"histogram\"\ncolumns = [\"pay\"]\nbins = [-1]\n", "RECIPE", 3, "-1"},
    {"kind = \"histogram\"\ncolumns = [\"region\"]\nbins = [0.5]\n", "RECIPE", 3, "own bins"},
    {"kind = \"histogram\"\ncolumns = [\"pay\"]\nbins = [8]\nquantiles = [0.5, 1]\n", "RECIPE", 4,
     "below 1"},
    {"kind = \"histogram\"\ncolumns = [\"region\"]\nbins = [0]\nquantiles = [0.5]\n", "RECIPE", 4,
     "one number"},
    {"kind = \"histogram\"\ncolumns = [\"pay\", \"hours\"]\nbins = [8, 8]\nquantiles = [0.5]\n",
     "RECIPE", 4, "one number"},
    {"kind = \"histogram\"\ncolumns = [\"pay\", \"hours\", \"region\"]\nbins = [8, 8, 0]\n",
     "RECIPE", 0, "one or two"},
    {"kind = \"histogram\"\ncolumns = [\"pay\", \"hours\"]\nbins = [50000, 50000]\n",
     "VECTOR_TOO_LONG", 0, "2500000000"},
    {"kind = \"mean\"\n[[recipe.ratio]]\nname = \"r\"\nnumerator = \"pay\"\ndenominator = "
     "\"wage\"\n"
     "lower = 0\nupper = 1\n",
     "UNKNOWN_COLUMN", 5, "wage"},
    {"kind = \"mean\"\n[[recipe.ratio]]\nname = \"r\"\nnumerator = \"region\"\ndenominator = "
     "\"hours\"\n"
     "lower = 0\nupper = 1\n",
     "WRONG_TYPE", 4, "not a number"},
    {"kind = \"mean\"\n[[recipe.ratio]]\nname = \"r\"\nnumerator = \"pay\"\ndenominator = "
     "\"hours\"\n"
     "lower = 1\nupper = 1\n",
     "UNBOUNDED_COLUMN", 2, "lower < upper"},
    {"kind = \"mean\"\n[[recipe.ratio]]\nname = \"r\"\nnumerator = \"pay\"\ndenominator = "
     "\"hours\"\n"
     "lower = 0\nupper = 1\nfactor = 0\n",
     "RECIPE", 8, "factor"},
};

const std::vector<Bad> kBadTrainings = {
    {"no clip", "clip = 0.5\n", "", "MISSING_KEY", 33, "clip"},
    {"clip of nothing", "clip = 0.5", "clip = 0", "IMPOSSIBLE_PRIVACY", 38, "clip is 0"},
    {"an unknown model", "\"linear\"", "\"forest\"", "RECIPE", 53, "forest"},
    {"widths of a linear model", "model = \"linear\"", "model = \"linear\"\nhidden = [4]",
     "UNKNOWN_KEY", 54, "hidden"},
    {"an mlp without widths", "\"linear\"", "\"mlp\"", "MISSING_KEY", 51, "hidden"},
    {"an mlp of no widths", "\"linear\"", "\"mlp\"\nhidden = []", "RECIPE", 54, "1 to 16"},
    {"half a width", "\"linear\"", "\"mlp\"\nhidden = [2.5]", "RECIPE", 54, "2.5"},
    {"no features", "[\"hours\", \"region\"]", "[]", "RECIPE", 54, "at least one"},
    {"an unknown feature", "\"hours\",", "\"age\",", "UNKNOWN_COLUMN", 54, "\"age\""},
    {"an unknown function", "\"hours\",", "\"exp(hours)\",", "UNKNOWN_COLUMN", 54, "log, log1p"},
    {"a logarithm of nothing", "target = \"pay\"", "target = \"log(pay)\"", "UNKNOWN_COLUMN", 55,
     "not defined"},
    {"a feature twice", "\"region\"]", "\"hours\"]", "RECIPE", 54, "twice"},
    {"the target as a feature", "\"hours\",", "\"square(pay)\",", "RECIPE", 54, "own column"},
    {"a category as a target", "[\"hours\", \"region\"]\ntarget = \"pay\"",
     "[\"hours\", \"pay\"]\ntarget = \"region\"", "UNKNOWN_COLUMN", 55, "target_class"},
    {"an unknown optimizer", "\"sgd\"", "\"lbfgs\"", "RECIPE", 56, "sgd or adam"},
    {"momentum of adam", "\"sgd\"", "\"adam\"\nmomentum = 0.9", "UNKNOWN_KEY", 57, "momentum"},
    {"momentum of one", "\"sgd\"", "\"sgd\"\nmomentum = 1", "RECIPE", 57, "below 1"},
    {"no learning", "learning_rate = 0.1", "learning_rate = 0", "RECIPE", 57, "above 0"},
    {"a start that is no digest", "\"sgd\"", "\"sgd\"\nstart_model = \"model.pt\"", "RECIPE", 57,
     "SHA-256"},
    {"an unknown schedule", "\"sgd\"", "\"sgd\"\nschedule = \"cosine\"", "RECIPE", 57,
     "inverse_root"},
    {"a share of a constant rate", "\"sgd\"", "\"sgd\"\nfinal_share = 0.1", "UNKNOWN_KEY", 57,
     "final_share"},
    {"warm-up to the end", "\"sgd\"", "\"sgd\"\nwarmup_rounds = 5", "RECIPE", 57, "below rounds"},
    {"half a round of warm-up", "\"sgd\"", "\"sgd\"\nwarmup_rounds = 1.5", "RECIPE", 57, "whole"},
    {"no rounds", "rounds = 5", "rounds = 0", "RECIPE", 58, "at least 1"},
    {"too many rounds", "rounds = 5", "rounds = 10000000", "RECIPE", 58, "1e+06"},
    {"no members", "members = 100", "members = 0", "RECIPE", 59, "at least 1"},
    {"too many held out", "rounds = 5", "evaluation_share = 0.9\nrounds = 5", "RECIPE", 58, "0.5"},
};

}  // namespace

TEST_CASE("Each fault of a statistics study is one problem on its line", "[study]") {
  for (const Bad& bad : kBadHeads) {
    std::string text = Replaced(kHead, bad.from, bad.to);
    INFO(bad.what);
    REQUIRE(text != kHead);
    // The last fault needs a long vector and much noise.
    const bool ring = bad.code == "VECTOR_TOO_LONG";
    if (ring) text = Replaced(text, "noise_multiplier = 2", "noise_multiplier = 1000");
    RequireOnly(bad, text + (ring ? Replaced(kHistogram, "[8]", "[30000]")
                                  : Replaced(kMean, ", \"hours\"", "")));
  }
}

TEST_CASE("Each fault of a statistics recipe is one problem on its line", "[study]") {
  for (const BadRecipe& bad : kBadStatistics) {
    RequireOnly({bad.recipe, "", "", bad.code, kRecipeLine + bad.line, bad.says},
                std::string(kHead) + bad.recipe);
  }
}

TEST_CASE("Each fault of a training study is one problem on its line", "[study]") {
  const std::string sound = TrainText(kTrain);
  REQUIRE(LintText(sound).study.has_value());
  for (const Bad& bad : kBadTrainings) {
    INFO(bad.what);
    REQUIRE(Replaced(sound, bad.from, bad.to) != sound);
    RequireOnly(bad, Replaced(sound, bad.from, bad.to));
  }
}

TEST_CASE("A file with many faults has them all reported in the order of lines", "[study]") {
  std::string text = std::string(kHead) + Replaced(kMean, "\"hours\"", "\"wage\"");
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"title", "tittle"},
                                                        {"2035", "2029"},
                                                        {"upper = 40\n", ""},
                                                        {"\"west\"", "\"north\""},
                                                        {"1e-6", "1"},
                                                        {"max_rows = 4", "max_rows = 0"},
                                                        {"min_nodes = 4", "min_nodes = 1"}}) {
    text = Replaced(text, from, to);
  }
  std::string found;
  for (const Problem& problem : LintText(text).problems) {
    found += problem.code + ":" + std::to_string(problem.line) + " ";
  }
  REQUIRE(found ==
          "MISSING_KEY:1 UNKNOWN_KEY:1 EXPIRED:6 REPEATED_CATEGORY:15 UNBOUNDED_COLUMN:18 "
          "IMPOSSIBLE_PRIVACY:34 IMPOSSIBLE_PRIVACY:36 COHORT:39 UNKNOWN_COLUMN:51 ");
}

TEST_CASE("Bounds of no width are one problem in a histogram too", "[study]") {
  RequireOnly({"equal bounds", "", "", "UNBOUNDED_COLUMN", 18, "lower < upper"},
              Replaced(kHead, "upper = 40", "upper = 0") + kHistogram);
}

TEST_CASE("Text that is not UTF-8 is refused with its line, not read further", "[study]") {
  for (const std::string& bytes :
       {std::string("\xff"), std::string("\xc3"), std::string("\xed\xa0\x80"),
        std::string("\xc0\xaf"), std::string("\xf4\x90\x80\x80")}) {
    RequireOnly({"bytes", "", "", "NOT_UTF8", 3, "UTF-8"},
                Replaced(kHead, "Figures.", bytes) + kMean);
  }
}

TEST_CASE("A file of more than a mebibyte is refused", "[study]") {
  RequireOnly({"long", "", "", "FILE_TOO_LONG", 1, "1048576"}, std::string((1 << 20) + 1, '#'));
}

TEST_CASE("An empty file lacks every section", "[study]") {
  REQUIRE(LintText("").problems.size() == 11);
}

TEST_CASE("A byte order mark and returns before line feeds are allowed", "[study]") {
  std::string text = "\xEF\xBB\xBF" + std::string(kHead) + kMean;
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2)
    text.insert(at, "\r");
  REQUIRE(LintText(text).study.has_value());
}

TEST_CASE("Lint finds a round impossible exactly when its grid is", "[study]") {
  int impossible = 0;
  for (const int bins : {2, 100, 3000, 30000, 100000}) {
    for (const int noise : {1, 8, 60, 300, 1000}) {
      for (const int nodes : {3, 30, 300, 1000}) {
        const std::string text =
            Replaced(Replaced(kHead, "min_nodes = 4", "min_nodes = " + std::to_string(nodes)),
                     "noise_multiplier = 2", "noise_multiplier = " + std::to_string(noise)) +
            Replaced(kHistogram, "[8]", "[" + std::to_string(bins) + "]");
        const auto grid =
            privacy::MakeGrid({static_cast<uint64_t>(bins), 1, static_cast<double>(noise), nodes,
                               privacy::Rounding::kPerMember});
        INFO(bins << " bins, noise " << noise << ", " << nodes << " nodes");
        REQUIRE(LintText(text).study.has_value() == grid.ok());
        impossible += grid.ok() ? 0 : 1;
      }
    }
  }
  REQUIRE(impossible > 5);
}

TEST_CASE("Lint warns when few members would saturate a bin", "[study]") {
  REQUIRE(LintText(std::string(kHead) + kHistogram).warnings.empty());
  const LintResult result = LintText(Replaced(kHead, "min_nodes = 4", "min_nodes = 300") +
                                     Replaced(kHistogram, "[8]", "[100000]"));
  REQUIRE(result.study.has_value());
  REQUIRE(result.warnings.size() == 1);
  REQUIRE(result.warnings[0].code == "SATURATION_LIKELY");
  REQUIRE(result.warnings[0].line == kRecipeLine);
}

TEST_CASE("A category that is an organisation of the study is refused, whatever its case",
          "[study]") {
  const std::string text =
      Replaced(std::string(kHead) + kMean, "\"north\", \"south\"", "\"north\", \"Mill\"");
  const LintResult result = LintText(text);
  REQUIRE(result.problems.size() == 1);
  REQUIRE(result.problems[0].code == "ORGANISATION_FIGURE");
  REQUIRE(result.problems[0].line == 12);
  REQUIRE_THAT(result.problems[0].message, ContainsSubstring("leave the column out"));
}

TEST_CASE("A category may be called like no organisation of the federation", "[study]") {
  const LintResult lint = LintText(std::string(kHead) + kMean);
  REQUIRE(lint.study.has_value());
  CHECK_FALSE(OrganisationFigure(*lint.study, std::vector<std::string>{"elsewhere"}));
  const std::vector<std::string> enrolled = {"elsewhere", "South"};
  const auto problem = OrganisationFigure(*lint.study, enrolled);
  REQUIRE(problem.has_value());
  CHECK(problem->code == "ORGANISATION_FIGURE");
  CHECK(problem->line == 12);
  CHECK_THAT(problem->message, ContainsSubstring("\"south\""));
}

}  // namespace mutual::study
