// Reads [recipe] of a study file.
#include <cmath>

#include "absl/strings/str_format.h"
#include "study/lint.h"

namespace mutual::study {
namespace {

constexpr double kMostBins = 100000;

MeanSpec ReadMean(TableReader& reader, const Schema& schema) {
  MeanSpec spec;
  spec.measures = ReadMeasures(reader, schema, false);
  spec.by = reader.OptionalText("by");
  if (spec.by.empty()) return spec;
  const int index = schema.Find(spec.by);
  if (index < 0) {
    reader.Report(reader.LineOf("by"), "UNKNOWN_COLUMN",
                  absl::StrFormat("by names \"%s\", which [data] does not have", spec.by));
  } else if (schema.columns[static_cast<size_t>(index)].type != ColumnType::kCategory) {
    reader.Report(reader.LineOf("by"), "WRONG_TYPE",
                  absl::StrFormat("by: column \"%s\" is not a category", spec.by));
  }
  return spec;
}

// Edges of `bins` equal bins; none for a category.
std::vector<double> Edges(const Measure& measure, double bins) {
  std::vector<double> edges;
  const int count = static_cast<int>(bins);
  for (int b = 0; count > 0 && b <= count; ++b) {
    edges.push_back(measure.lower + (measure.upper - measure.lower) * b / count);
  }
  return edges;
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
    spec->edges.push_back(fits ? Edges(spec->measures[i], bins[i]) : std::vector<double>{0, 1});
  }
}

void ReadQuantiles(TableReader& reader, HistogramSpec* spec) {
  if (!reader.Has("quantiles")) return;
  spec->quantiles = reader.Numbers("quantiles");
  if (spec->measures.size() != 1 || (!spec->edges.empty() && spec->edges[0].empty())) {
    reader.Report(reader.LineOf("quantiles"), "RECIPE",
                  "quantiles need a histogram of one number; remove them");
  }
  for (size_t i = 0; i < spec->quantiles.size(); ++i) {
    if (spec->quantiles[i] > 0 && spec->quantiles[i] < 1) continue;
    reader.Report(reader.LineOf("quantiles", i), "RECIPE",
                  absl::StrFormat("quantile is %g, want above 0 and below 1", spec->quantiles[i]));
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

}  // namespace

RecipeSpec ReadRecipe(const TomlValue& table, const Schema& schema,
                      std::vector<Problem>* problems) {
  TableReader reader(table, {"[recipe]", "RECIPE", problems});
  const std::string kind = reader.Text("kind");
  if (kind == "mean") return ReadMean(reader, schema);
  if (kind == "histogram") return ReadHistogram(reader, schema);
  if (kind == "train") return ReadTrain(reader, schema);
  reader.AllowAnyKey();
  if (!kind.empty()) {
    reader.Report(reader.LineOf("kind"), "RECIPE",
                  absl::StrFormat("recipe kind is \"%s\", want mean, histogram or train", kind));
  }
  return MeanSpec{};
}

}  // namespace mutual::study
