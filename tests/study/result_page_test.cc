// The page, the charts and the dictionary of a result.
#include "study/page/result_page.h"

#include "study/page/chart.h"
#include "study/page/dictionary.h"
#include "tests/study/simulated_study.h"

namespace mutual::study {
namespace {

std::string PageOf(const std::string& text, const Result& result) {
  const LintResult lint = LintText(text);
  return ToHtml(
      {*lint.study, result, 1e-6, 2.42, 1.2, {"north", "south & west"}, "fed.example/log", 41});
}

// Every opened element is closed, in order; void elements apart. Enough to see a torn page.
void RequireBalanced(const std::string& html) {
  std::vector<std::string> open;
  for (size_t at = 0; (at = html.find('<', at)) != std::string::npos; ++at) {
    const size_t end = html.find('>', at);
    REQUIRE(end != std::string::npos);
    const std::string tag = html.substr(at + 1, end - at - 1);
    if (tag[0] == '!' || tag.back() == '/') continue;
    const bool closes = tag[0] == '/';
    const size_t begin = closes ? 1 : 0;
    const std::string name = tag.substr(begin, tag.find_first_of(" \n", begin) - begin);
    if (name == "meta" || name == "br") continue;
    if (!closes) {
      open.push_back(name);
      continue;
    }
    INFO(name);
    REQUIRE_FALSE(open.empty());
    REQUIRE(open.back() == name);
    open.pop_back();
  }
  REQUIRE(open.empty());
}

Result ResultOf(const std::string& text) {
  const auto recipe = RecipeOf(text);
  std::vector<double> values;
  for (size_t i = 0; i < recipe->dimension(); ++i) {
    values.push_back(i % 3 == 0 ? 400 : 120 + static_cast<double>(i % 7));
  }
  return *recipe->Finish({values, 4, 4});
}

}  // namespace

TEST_CASE("Every recipe's result makes a whole page without scripts or anything fetched",
          "[study]") {
  for (const char* name :
       {"quantile", "table", "rate", "survival", "change", "inequality", "README"}) {
    INFO(name);
    const std::string html = PageOf(RecipeExample(name), ResultOf(RecipeExample(name)));
    RequireBalanced(html);
    CHECK(html.find("<script") == std::string::npos);
    CHECK(html.find("http") == std::string::npos);
    CHECK(html.find("nan") == std::string::npos);
    CHECK_THAT(html, ContainsSubstring("<svg"));
    CHECK_THAT(html, ContainsSubstring("south &amp; west"));
    CHECK_THAT(html, ContainsSubstring("entry 41 of the log"));
    CHECK_THAT(html, ContainsSubstring("mutual-audit show 41 --log LOG"));
    CHECK_THAT(html, ContainsSubstring("prefers-color-scheme:dark"));
  }
}

TEST_CASE("A page shows what was withheld, and the definitions that were voted on", "[study]") {
  const auto recipe = RecipeOf(RecipeExample("table"));
  const auto result = recipe->Finish({{100, 3, 80, 30, 60, 50}, 2, 4});
  const std::string html = PageOf(RecipeExample("table"), *result);
  CHECK_THAT(html, ContainsSubstring("junior / temporary (fewer than 10"));
  CHECK_THAT(html, ContainsSubstring("Grade in the last month."));
  CHECK_THAT(html, ContainsSubstring(">withheld<"));
}

TEST_CASE("No text of a study or result becomes markup", "[study]") {
  const std::string evil = "<img src=x onerror=alert(1)>";
  const std::string text = Replaced(RecipeExample("table"), "\"Pay\"", "\"" + evil + "\"");
  Result result = ResultOf(text);
  result.sentences.push_back(evil);
  result.tables[0].title = evil;
  result.tables[0].rows[0].keys[0] = evil;
  result.withheld.push_back({evil, evil, evil});
  const std::string html = PageOf(text, result);
  CHECK(html.find("<img") == std::string::npos);
  RequireBalanced(html);
}

TEST_CASE("A chart has bars for counts and dots for all else, with intervals", "[study]") {
  ResultTable counts{
      "pay", {"pay"}, {{{"a"}, {{"members", 50, 5, ""}}}, {{"b"}, {{"members", NAN, 0, ""}}}}};
  CHECK_THAT(ChartOf(counts), ContainsSubstring("<rect"));
  CHECK_THAT(ChartOf(counts), ContainsSubstring("withheld"));
  ResultTable means{"pay",
                    {"sex"},
                    {{{"a"}, {{"count", 90, 3, ""}, {"mean", 20, 1, "pounds"}}},
                     {{"b"}, {{"count", 80, 3, ""}, {"mean", 18, 1, "pounds"}}}}};
  CHECK_THAT(ChartOf(means), ContainsSubstring("<circle"));
  CHECK_THAT(ChartOf(means), ContainsSubstring("mean, with 95 percent"));
  means.rows.pop_back();
  CHECK(ChartOf(means).empty());
  for (int i = 0; i < 40; ++i)
    counts.rows.push_back({{std::to_string(i)}, {{"members", 40, 2, ""}}});
  CHECK_THAT(ChartOf(counts), ContainsSubstring("line thin"));
}

TEST_CASE("The dictionary explains every estimate of every recipe", "[study]") {
  for (const char* name :
       {"quantile", "table", "rate", "survival", "change", "inequality", "README"}) {
    for (const Term& term : EstimatesOf(ResultOf(RecipeExample(name)))) {
      INFO(name << ": " << term.name);
      CHECK(term.meaning != term.name);
      CHECK_FALSE(term.meaning.empty());
    }
  }
}

TEST_CASE("A defined CSV has the meaning in its seventh column", "[study]") {
  const std::string csv = ToDefinedCsv(ResultOf(RecipeExample("rate")));
  CHECK(csv.rfind("table,group,estimate,value,standard_error,unit,definition\n", 0) == 0);
  CHECK_THAT(csv, ContainsSubstring("\"events per exposure, a ratio of sums\""));
}

}  // namespace mutual::study
