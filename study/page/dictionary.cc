#include "study/page/dictionary.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mutual::study {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 31> kMeanings = {{
    {"count", "members counted, noise included"},
    {"members", "members counted, noise included"},
    {"mean", "mean over members"},
    {"variance", "variance over members"},
    {"noise error of the mean", "the part of the mean's standard error that is noise"},
    {"value", "the figure that the row names"},
    {"95% low", "lower end of the 95 % interval"},
    {"95% high", "upper end of the 95 % interval"},
    {"bin width", "width of the bin that holds the value; finer is not known"},
    {"rate", "events per exposure, a ratio of sums"},
    {"noise error of the rate", "the part of the rate's standard error that is noise"},
    {"ratio", "this rate divided by that of the first group, or exp of the coefficient"},
    {"at risk", "members whose time had reached the interval"},
    {"hazard", "share of those at risk whom the event met in the interval"},
    {"survival", "share whom the event had not met by the end of the interval (Kaplan-Meier)"},
    {"mean change", "mean of members' own changes, after less before"},
    {"noise error of the mean change", "the part of its standard error that is noise"},
    {"share who lost", "share of members whose change was a loss beyond the tolerance"},
    {"coefficient", "change of the target for one more of the input, the others being equal"},
    {"noise error of the coefficient", "the part of its standard error that is noise"},
    {"noise error", "the part of the standard error that is noise"},
    {"percent", "the gap in percent of the first group"},
    {"statistic", "chi-square statistic that allows for the noise"},
    {"degrees of freedom", "of the chi-square statistic"},
    {"p-value", "chance of such a statistic if both were independent, noise included"},
    {"mean loss", "mean loss of the model on held-out members, capped for each member"},
    {"accuracy", "share of held-out members whose class the model tells"},
    {"1 - squared error / half range squared", "how near predictions are: 1 is exact"},
    {"median", "the value that half of the members are below"},
    {"median survival", "time by which the event had met half of the members"},
    {"difference", "this group less the first"},
}};

std::string MeaningOf(const std::string& name) {
  for (const auto& [known, meaning] : kMeanings) {
    if (name == known) return meaning;
  }
  if (name.rfind("share of ", 0) == 0) return "share of the members of the row's first key";
  return name;
}

}  // namespace

std::vector<Term> EstimatesOf(const Result& result) {
  std::vector<Term> terms;
  for (const ResultTable& table : result.tables) {
    for (const ResultRow& row : table.rows) {
      for (const Estimate& estimate : row.estimates) {
        const bool known = std::any_of(terms.begin(), terms.end(), [&](const Term& term) {
          return term.name == estimate.name && term.unit == estimate.unit;
        });
        if (!known) terms.push_back({estimate.name, estimate.unit, MeaningOf(estimate.name)});
      }
    }
  }
  return terms;
}

std::vector<Term> ColumnsOf(const Study& study) {
  std::vector<Term> terms;
  for (const Column& column : study.schema.columns) {
    terms.push_back({column.name, column.unit, column.definition});
  }
  return terms;
}

std::string ToDefinedCsv(const Result& result) {
  return ToCsv(result, [](const Estimate& estimate) { return MeaningOf(estimate.name); });
}

}  // namespace mutual::study
