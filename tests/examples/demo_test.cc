// What the three demos find, with noise, within tolerances of several standard errors.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "tests/examples/demos.h"

namespace mutual {
namespace {

using testing::DemoFederation;
using testing::Drivers;
using testing::EstimateOf;
using testing::PaySurvey;
using testing::Warehouses;

constexpr char kInjuries[] = "injuries per 100 full-time years";

}  // namespace

TEST_CASE("Drivers: an hour pays half as much when waiting counts", "[examples]") {
  const auto study = DemoFederation::StudyAt("drivers/waiting.toml");
  const auto result = Drivers().Run(study, 1);
  CHECK(Drivers().files().size() == 12);
  CHECK_THAT(EstimateOf(result, "pay per engaged hour", "after", "mean").value,
             WithinAbs(18.9, 1.0));
  CHECK_THAT(EstimateOf(result, "pay per logged-in hour", "after", "mean").value,
             WithinAbs(9.95, 1.0));
  CHECK_THAT(EstimateOf(result, "pay per logged-in hour", "before", "mean").value,
             WithinAbs(13.5, 1.0));
}

TEST_CASE("Warehouses: large sites hurt nearly twice as many", "[examples]") {
  CHECK(Warehouses().files().size() == 20);
  const auto result = Warehouses().Run(DemoFederation::StudyAt("warehouses/injuries.toml"), 2);
  const auto large = EstimateOf(result, kInjuries, "large", "rate");
  const auto other = EstimateOf(result, kInjuries, "other", "rate");
  CHECK_THAT(large.value, WithinAbs(7.0, 1.2));
  CHECK_THAT(other.value, WithinAbs(3.8, 1.2));
  CHECK(large.value - 1.96 * large.standard_error > other.value + 1.96 * other.standard_error);
}

TEST_CASE("Warehouses: beginners are hurt more often", "[examples]") {
  const auto result = Warehouses().Run(DemoFederation::StudyAt("warehouses/tenure.toml"), 3);
  const std::string compared = std::string(kInjuries) + ", compared with 6 months and more";
  CHECK_THAT(EstimateOf(result, compared, "under 1 month", "ratio").value, WithinAbs(2.6, 1.2));
  CHECK_THAT(EstimateOf(result, compared, "1 to 6 months", "ratio").value, WithinAbs(1.4, 0.5));
}

TEST_CASE("Warehouses: the quota's effect is found beside the shift", "[examples]") {
  const auto result = Warehouses().Run(DemoFederation::StudyAt("warehouses/quota.toml"), 4);
  const auto quota = EstimateOf(result, "regression of injuries", "quota", "coefficient");
  CHECK_THAT(quota.value, WithinAbs(2.52, 1.2));
  CHECK(quota.value > 1.96 * quota.standard_error);
}

TEST_CASE("Warehouses: figures of single sites are refused, and under other names withheld",
          "[examples]") {
  const std::string text = DemoFederation::TextAt("warehouses/refused/by_site.toml");
  const auto refused = DemoFederation::Parse(text);
  REQUIRE_FALSE(refused.ok());
  CHECK_THAT(std::string(refused.status().message()),
             ContainsSubstring("a study may not ask for one organisation's figures"));
  const auto study = DemoFederation::Parse(absl::StrReplaceAll(
      text,
      {{"[\"site-01\", \"site-05\", \"site-10\", \"site-15\"]", "[\"a\", \"b\", \"c\", \"d\"]"}}));
  REQUIRE_OK(study);
  const auto result = Warehouses().Run(*study, 5);
  std::map<std::string, std::string> reasons;
  for (const study::Withheld& withheld : result.withheld) {
    if (withheld.table == kInjuries) reasons[withheld.cell] = withheld.reason;
  }
  for (int site = 9; site <= 20; ++site) {  // the twelve that are not large have about ten cases
    const std::string name = absl::StrFormat("site-%02d", site);
    INFO(name);
    CHECK(reasons.count(name) == 1);
    CHECK(std::isnan(EstimateOf(result, kInjuries, name, "rate").value));
  }
}

TEST_CASE("Pay survey: the mean, with the error that a plan foretells", "[examples]") {
  CHECK(PaySurvey().files().size() == 40);
  const auto result = PaySurvey().Run(DemoFederation::StudyAt("pay_survey/mean.toml"), 6);
  const auto mean = EstimateOf(result, "pay", "all members", "mean");
  CHECK_THAT(mean.value, WithinAbs(19.8, 0.6));
  const double noise = EstimateOf(result, "pay", "all members", "noise error of the mean").value;
  const double sampling = std::sqrt(mean.standard_error * mean.standard_error - noise * noise);
  CHECK_THAT(1.96 * sampling, WithinRel(0.15, 0.15));
  CHECK_THAT(EstimateOf(result, "pay", "all members", "count").value, WithinAbs(10147, 150));
}

TEST_CASE("Pay survey: full-time medians of men and women", "[examples]") {
  const auto result = PaySurvey().Run(DemoFederation::StudyAt("pay_survey/medians.toml"), 7);
  CHECK_THAT(EstimateOf(result, "quantiles of pay", "men, full time / 50%", "value").value,
             WithinAbs(19.2, 0.6));
  CHECK_THAT(EstimateOf(result, "quantiles of pay", "women, full time / 50%", "value").value,
             WithinAbs(17.7, 0.6));
}

TEST_CASE("Pay survey: most of the gap goes with grades", "[examples]") {
  const auto result = PaySurvey().Run(DemoFederation::StudyAt("pay_survey/gap.toml"), 8);
  const auto percent = [&](const char* row) {
    return EstimateOf(result, "gap of log(pay), percent", row, "percent").value;
  };
  CHECK_THAT(percent("raw gap"), WithinAbs(10.2, 2.5));
  CHECK_THAT(percent("adjusted gap"), WithinAbs(3.9, 3.5));
}

TEST_CASE("Pay survey: three questions are answered for the privacy of one", "[examples]") {
  const auto result = PaySurvey().Run(DemoFederation::StudyAt("pay_survey/grades.toml"), 9);
  CHECK_THAT(EstimateOf(result, "inequality: inequality of pay", "Gini coefficient", "value").value,
             WithinAbs(0.19, 0.03));
  CHECK(EstimateOf(result, "grades: independence of grade and sex", "chi-square with noise",
                   "p-value")
            .value < 0.001);
  CHECK_THAT(EstimateOf(result, "average: pay", "women", "mean").value, WithinAbs(18.5, 0.9));
}

TEST_CASE("A demo's data are the same at every run", "[examples]") {
  const DemoFederation again(MUTUAL_WAREHOUSES, "");
  const auto read = [](const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
  };
  CHECK(read(*again.files().begin()) == read(*Warehouses().files().begin()));
  CHECK(read(*again.files().rbegin()) == read(*Warehouses().files().rbegin()));
}

}  // namespace mutual
