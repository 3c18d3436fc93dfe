// Reads [recipe] of a study file.
#include <cmath>
#include <set>

#include "absl/strings/str_format.h"
#include "study/lint.h"

namespace mutual::study {
namespace {

constexpr double kMostBins = 100000;

MeanSpec ReadMean(TableReader& reader, const Schema& schema) {
  MeanSpec spec;
  spec.measures = ReadMeasures(reader, schema, false);
  spec.by = ReadBy(reader, schema);
  return spec;
}

void ReadBins(TableReader& reader, HistogramSpec* spec) {
  const size_t problems = reader.problems()->size();
  const std::vector<double> bins = reader.Numbers("bins");
  if (reader.problems()->size() > problems) return;
  if (bins.size() != spec->measures.size()) {
    reader.Report(
        reader.LineOf("bins"), "RECIPE",
        absl::StrFormat("bins has %d numbers for %d columns; want for each how many equal "
                        "bins (0 for a category column)",
                        bins.size(), spec->measures.size()));
    return;
  }
  for (size_t i = 0; i < bins.size(); ++i) {
    const bool category = spec->measures[i].lower == spec->measures[i].upper;
    const bool fits = category
                          ? bins[i] == 0
                          : bins[i] >= 1 && bins[i] <= kMostBins && bins[i] == std::floor(bins[i]);
    if (!fits) {
      reader.Report(
          reader.LineOf("bins", i), "RECIPE",
          absl::StrFormat(
              "bins of \"%s\" is %g, want %s", spec->measures[i].name, bins[i],
              category ? "0 (a category has its own bins)" : "a whole number from 1 to 100000"));
    }
    const Measure& measure = spec->measures[i];
    spec->edges.push_back(fits ? EqualBins(measure.lower, measure.upper, static_cast<int>(bins[i]))
                               : std::vector<double>{0, 1});
  }
}

void ReadQuantiles(TableReader& reader, HistogramSpec* spec) {
  if (!reader.Has("quantiles")) return;
  spec->quantiles = ReadShares(reader, "quantiles");
  if (spec->measures.size() != 1 || (!spec->edges.empty() && spec->edges[0].empty())) {
    reader.Report(reader.LineOf("quantiles"), "RECIPE",
                  "quantiles need a histogram of one number; remove them");
  }
}

HistogramSpec ReadHistogram(TableReader& reader, const Schema& schema) {
  HistogramSpec spec;
  const size_t problems = reader.problems()->size();
  spec.measures = ReadMeasures(reader, schema, true);
  if (reader.problems()->size() > problems) {  // then bins cannot be matched with them
    reader.AllowAnyKey();
    return spec;
  }
  if (spec.measures.size() > 2) {
    reader.Report(reader.line(), "RECIPE",
                  absl::StrFormat("a histogram has one or two columns or ratios, not %d",
                                  spec.measures.size()));
  }
  ReadBins(reader, &spec);
  ReadQuantiles(reader, &spec);
  return spec;
}

RecipeSpec ReadKind(TableReader& reader, const Schema& schema) {
  const std::string kind = reader.Text("kind");
  if (kind == "mean") return ReadMean(reader, schema);
  if (kind == "histogram") return ReadHistogram(reader, schema);
  if (kind == "train") return ReadTrain(reader, schema);
  if (kind == "quantile") return ReadQuantile(reader, schema);
  if (kind == "table") return ReadTable(reader, schema);
  if (kind == "inequality") return ReadInequality(reader, schema);
  if (kind == "rate") return ReadRate(reader, schema);
  if (kind == "survival") return ReadSurvival(reader, schema);
  if (kind == "change") return ReadChange(reader, schema);
  if (kind == "regression") return ReadRegression(reader, schema);
  if (kind == "gap") return ReadGap(reader, schema);
  reader.AllowAnyKey();
  if (!kind.empty()) {
    reader.Report(reader.LineOf("kind"), "RECIPE",
                  absl::StrFormat("recipe kind is \"%s\", want mean, histogram, quantile, table, "
                                  "rate, regression, survival, change, gap, inequality or train",
                                  kind));
  }
  return MeanSpec{};
}

// Shares that are all given and add up to 1, or none and equal.
void SettleShares(const TomlValue& array, std::vector<Problem>* problems, JointSpec* joint) {
  double total = 0;
  size_t given = 0;
  for (const RecipePart& part : joint->parts) {
    total += part.share;
    given += part.share > 0 ? 1 : 0;
  }
  const auto count = static_cast<double>(joint->parts.size());
  if (given == 0) {
    for (RecipePart& part : joint->parts) part.share = 1 / count;
  } else if (given < joint->parts.size() || std::abs(total - 1) > 1e-9) {
    problems->push_back(
        {array.line, "RECIPE",
         absl::StrFormat("the shares of the recipes add up to %g; give every recipe "
                         "one, 1 together, or none",
                         total)});
  }
}

}  // namespace

RecipeSpec ReadRecipe(const TomlValue& table, const Schema& schema,
                      std::vector<Problem>* problems) {
  TableReader reader(table, {"[recipe]", "RECIPE", problems});
  return ReadKind(reader, schema);
}

JointSpec ReadRecipes(const TomlValue& array, const Schema& schema,
                      std::vector<Problem>* problems) {
  constexpr size_t kMostParts = 32;
  JointSpec joint;
  std::set<std::string> names;
  for (const TomlValue& table : array.items) {
    if (table.kind != TomlKind::kTable) {
      problems->push_back({table.line, "WRONG_TYPE", "recipe is not a section [[recipe]]"});
      return joint;
    }
    TableReader reader(table, {"[[recipe]]", "RECIPE", problems});
    const std::string name = reader.Text("name");
    const double share = reader.OptionalNumber("share", {0, 1, true}).value_or(0);
    joint.parts.push_back({name, share, ReadKind(reader, schema)});
    if (std::holds_alternative<TrainSpec>(joint.parts.back().recipe)) {
      reader.Report(reader.line(), "RECIPE",
                    "training has rounds of its own; put it in a study of its own");
    }
    if (!name.empty() && !names.insert(name).second) {
      reader.Report(reader.LineOf("name"), "RECIPE",
                    absl::StrFormat("two recipes are called \"%s\"; rename one", name));
    }
  }
  if (joint.parts.empty() || joint.parts.size() > kMostParts) {
    problems->push_back({array.line, "RECIPE",
                         absl::StrFormat("the study has %d recipes, want 1 to %d",
                                         joint.parts.size(), kMostParts)});
    return joint;
  }
  SettleShares(array, problems, &joint);
  return joint;
}

}  // namespace mutual::study
