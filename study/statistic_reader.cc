// Reads [recipe] of a statistic that is no regression.
#include <cmath>
#include <set>

#include "absl/strings/str_format.h"
#include "study/lint.h"

namespace mutual::study {
namespace {

constexpr Range kBins{2, 100000};

void CheckNotNegative(TableReader& reader, const std::string& key, const std::string& name,
                      double lower) {
  if (lower >= 0) return;
  reader.Report(
      reader.LineOf(key), "RECIPE",
      absl::StrFormat("\"%s\" may be negative (its lower bound is %g); want a number that "
                      "is not",
                      name, lower));
}

// A number column that is not negative; its name.
std::string ReadAmount(TableReader& reader, const Schema& schema, const std::string& key) {
  const Column* const column = ReadNumberColumn(reader, schema, key);
  if (column == nullptr) return "";
  CheckNotNegative(reader, key, column->name, column->lower);
  return column->name;
}

Rate ReadOneRate(TableReader& reader, const Schema& schema) {
  constexpr Range kBound{1e-9, 1e12};
  Rate rate;
  rate.name = reader.Text("name");
  rate.events = ReadAmount(reader, schema, "events");
  rate.exposure = ReadAmount(reader, schema, "exposure");
  rate.events_bound = reader.Number("events_bound", kBound).value_or(1);
  rate.exposure_bound = reader.Number("exposure_bound", kBound).value_or(1);
  rate.factor = reader.OptionalNumber("factor", {1e-12, 1e12}).value_or(1);
  rate.unit = reader.OptionalText("unit");
  return rate;
}

}  // namespace

QuantileSpec ReadQuantile(TableReader& reader, const Schema& schema) {
  QuantileSpec spec;
  spec.measure = ReadMeasure(reader, schema);
  const int bins = reader.Integer("bins", kBins);
  spec.edges = EqualBins(spec.measure.lower, spec.measure.upper, std::max(bins, 2));
  const size_t problems = reader.problems()->size();
  spec.quantiles = ReadShares(reader, "quantiles");
  if (spec.quantiles.empty() && reader.problems()->size() == problems) {
    reader.Report(reader.LineOf("quantiles"), "RECIPE",
                  "quantiles is empty; name at least one, such as 0.5 for the median");
  }
  spec.by = ReadBy(reader, schema);
  return spec;
}

TableSpec ReadTable(TableReader& reader, const Schema& schema) {
  constexpr size_t kMostCells = 400;
  TableSpec spec;
  const Column* const down = ReadCategoryColumn(reader, schema, "down");
  const Column* const across = ReadCategoryColumn(reader, schema, "across");
  if (down == nullptr || across == nullptr) return spec;
  spec.down = down->name;
  spec.across = across->name;
  const size_t cells = down->categories.size() * across->categories.size();
  if (down == across) {
    reader.Report(reader.LineOf("across"), "RECIPE",
                  "down and across are the same column; a table needs two");
  } else if (cells > kMostCells) {
    reader.Report(
        reader.line(), "RECIPE",
        absl::StrFormat("the table has %d cells, at most %d can be tested together; use a "
                        "histogram or fewer categories",
                        cells, kMostCells));
  }
  return spec;
}

InequalitySpec ReadInequality(TableReader& reader, const Schema& schema) {
  InequalitySpec spec;
  spec.measure = ReadMeasure(reader, schema);
  CheckNotNegative(reader, "columns", spec.measure.name, spec.measure.lower);
  const int bins = reader.Integer("bins", kBins);
  spec.edges = EqualBins(spec.measure.lower, spec.measure.upper, std::max(bins, 2));
  return spec;
}

RateSpec ReadRate(TableReader& reader, const Schema& schema) {
  RateSpec spec;
  std::set<std::string> names;
  for (const TomlValue* const table : reader.Tables("rate")) {
    TableReader rate(*table, {"[[recipe.rate]]", "RECIPE", reader.problems()});
    spec.rates.push_back(ReadOneRate(rate, schema));
    const std::string& name = spec.rates.back().name;
    if (!name.empty() && !names.insert(name).second) {
      rate.Report(rate.LineOf("name"), "RECIPE",
                  absl::StrFormat("two rates are called \"%s\"; rename one", name));
    }
  }
  if (!reader.Has("rate")) {
    reader.Report(reader.line(), "MISSING_KEY", "[recipe] needs [[recipe.rate]]");
  }
  spec.by = ReadBy(reader, schema);
  return spec;
}

SurvivalSpec ReadSurvival(TableReader& reader, const Schema& schema) {
  SurvivalSpec spec;
  if (const Column* const time = ReadNumberColumn(reader, schema, "time")) spec.time = time->name;
  const Column* const event = ReadCategoryColumn(reader, schema, "event");
  spec.event_class = reader.Text("event_class");
  if (event != nullptr) {
    spec.event = event->name;
    bool found = false;
    for (const std::string& category : event->categories) found |= category == spec.event_class;
    if (!found && !spec.event_class.empty()) {
      reader.Report(reader.LineOf("event_class"), "UNKNOWN_COLUMN",
                    absl::StrFormat("event_class \"%s\" is no category of \"%s\"", spec.event_class,
                                    event->name));
    }
  }
  spec.intervals = reader.Integer("intervals", {2, 1000});
  spec.by = ReadBy(reader, schema);
  return spec;
}

ChangeSpec ReadChange(TableReader& reader, const Schema& schema) {
  ChangeSpec spec;
  spec.measure = ReadMeasure(reader, schema);
  const Column* const period = ReadCategoryColumn(reader, schema, "period");
  if (period != nullptr) {
    spec.period = period->name;
    if (period->categories.size() != 2) {
      reader.Report(reader.LineOf("period"), "RECIPE",
                    absl::StrFormat("\"%s\" has %d categories, want two: before and after",
                                    period->name, period->categories.size()));
    }
  }
  spec.largest_change = reader.Number("largest_change", {1e-9, 2e12}).value_or(1);
  spec.tolerance = reader.OptionalNumber("tolerance", {0, 1e12}).value_or(0);
  const std::string loss = reader.Text("loss");
  spec.loss_is_increase = loss == "increase";
  if (!loss.empty() && loss != "increase" && loss != "decrease") {
    reader.Report(reader.LineOf("loss"), "RECIPE",
                  absl::StrFormat("loss is \"%s\", want decrease or increase: what is worse for a "
                                  "member",
                                  loss));
  }
  spec.by = ReadBy(reader, schema);
  if (!spec.by.empty() && spec.by == spec.period) {
    reader.Report(reader.LineOf("by"), "RECIPE",
                  "by is the period itself; groups to compare are of another column");
  }
  return spec;
}

}  // namespace mutual::study
