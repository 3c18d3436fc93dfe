// Reads [recipe] of regressions and gaps.
#include <cmath>
#include <set>

#include "absl/strings/str_format.h"
#include "study/feature.h"
#include "study/lint.h"

namespace mutual::study {
namespace {

constexpr size_t kMostFeatures = 60;
constexpr double kMostCells = 10000;

// Every feature must be known, stand once, and not be computed from one of `taken`.
std::vector<std::string> ReadFeatures(TableReader& reader, const Schema& schema,
                                      const std::vector<std::string>& taken) {
  const size_t problems = reader.problems()->size();
  const std::vector<std::string> features = reader.Texts("features");
  std::set<std::string> seen;
  for (size_t i = 0; i < features.size(); ++i) {
    const int line = reader.LineOf("features", i);
    const absl::Status status = FeatureMap::CheckFeature(schema, features[i]);
    if (!status.ok()) reader.Report(line, "UNKNOWN_COLUMN", std::string(status.message()));
    if (!seen.insert(features[i]).second) {
      reader.Report(line, "RECIPE",
                    absl::StrFormat("feature \"%s\" stands twice; remove one", features[i]));
    }
    for (const std::string& other : taken) {
      if (!FeatureMap::SameColumn(schema, features[i], other)) continue;
      reader.Report(
          line, "RECIPE",
          absl::StrFormat("feature \"%s\" is computed from the column of \"%s\"; it would "
                          "only repeat it",
                          features[i], other));
    }
  }
  if (reader.problems()->size() == problems &&
      (features.empty() || features.size() > kMostFeatures)) {
    reader.Report(
        reader.LineOf("features"), "RECIPE",
        absl::StrFormat("features names %d columns, want 1 to %d", features.size(), kMostFeatures));
  }
  return features;
}

void CheckTarget(TableReader& reader, const Schema& schema, const RegressionSpec& spec) {
  TrainSpec terms;
  terms.model = spec.model;
  terms.target = spec.target;
  terms.target_class = spec.target_class;
  if (spec.target.empty()) return;
  const absl::Status status = FeatureMap::CheckTarget(schema, terms);
  if (!status.ok()) {
    reader.Report(reader.LineOf("target"), "UNKNOWN_COLUMN", std::string(status.message()));
  }
}

// `bins` of features that are cut into cells: no two of one column.
void ReadCells(TableReader& reader, const Schema& schema, RegressionSpec* spec) {
  const size_t problems = reader.problems()->size();
  spec->bins = reader.Numbers("bins");
  if (reader.problems()->size() > problems) return;
  if (spec->bins.size() != spec->features.size()) {
    reader.Report(
        reader.LineOf("bins"), "RECIPE",
        absl::StrFormat("bins has %d numbers for %d features; want for each how many equal "
                        "bins (0 for a category column)",
                        spec->bins.size(), spec->features.size()));
    spec->bins.assign(spec->features.size(), 2);
    return;
  }
  double cells = 1;
  std::set<int> columns;
  for (size_t i = 0; i < spec->bins.size(); ++i) {
    const int position = FeatureMap::ColumnOf(schema, spec->features[i]);
    if (position < 0) continue;  // reported
    const Column& column = schema.columns[static_cast<size_t>(position)];
    const bool category = column.type == ColumnType::kCategory;
    const double bins = spec->bins[i];
    if (category ? bins != 0 : !(bins >= 2 && bins <= 1000 && bins == std::floor(bins))) {
      reader.Report(reader.LineOf("bins", i), "RECIPE",
                    absl::StrFormat(
                        "bins of \"%s\" is %g, want %s", spec->features[i], bins,
                        category ? "0 (a category has its own)" : "a whole number from 2 to 1000"));
      spec->bins[i] = 2;
    }
    if (!columns.insert(position).second) {
      reader.Report(reader.LineOf("features", i), "RECIPE",
                    absl::StrFormat("two features come from column \"%s\"; cells need one of each",
                                    column.name));
    }
    cells *= category ? static_cast<double>(column.categories.size()) : spec->bins[i];
  }
  if (cells > kMostCells) {
    reader.Report(
        reader.LineOf("bins"), "RECIPE",
        absl::StrFormat("the features have %g cells together, at most %g are possible; use "
                        "fewer bins or features",
                        cells, kMostCells));
    spec->bins.assign(spec->features.size(), 1);
  }
}

void ReadPoisson(TableReader& reader, const Schema& schema, RegressionSpec* spec) {
  constexpr Range kBound{1e-9, 1e12};
  for (const char* key : {"target", "exposure"}) {
    const Column* const column = ReadNumberColumn(reader, schema, key);
    if (column == nullptr) continue;
    if (column->lower < 0) {
      reader.Report(reader.LineOf(key), "RECIPE",
                    absl::StrFormat("\"%s\" may be negative; poisson counts events over exposure",
                                    column->name));
    }
    (std::string(key) == "target" ? spec->target : spec->exposure) = column->name;
  }
  spec->target_bound = reader.Number("target_bound", kBound).value_or(1);
  spec->exposure_bound = reader.Number("exposure_bound", kBound).value_or(1);
}

constexpr Range kDesignEffect{1, 100};

}  // namespace

RegressionSpec ReadRegression(TableReader& reader, const Schema& schema) {
  RegressionSpec spec;
  const std::string model = reader.Text("model");
  if (model == "logistic") spec.model = ModelKind::kLogistic;
  if (model == "poisson") spec.model = ModelKind::kPoisson;
  if (model != "linear" && model != "logistic" && model != "poisson") {
    reader.AllowAnyKey();
    if (!model.empty()) {
      reader.Report(reader.LineOf("model"), "RECIPE",
                    absl::StrFormat("model is \"%s\", want linear, logistic or poisson", model));
    }
    return spec;
  }
  if (spec.model == ModelKind::kPoisson) {
    ReadPoisson(reader, schema, &spec);
  } else {
    spec.target = reader.Text("target");
    spec.target_class = reader.OptionalText("target_class");
    CheckTarget(reader, schema, spec);
  }
  spec.features = ReadFeatures(reader, schema, {spec.target, spec.exposure});
  if (spec.model != ModelKind::kLinear) ReadCells(reader, schema, &spec);
  spec.design_effect = reader.OptionalNumber("design_effect", kDesignEffect).value_or(1);
  if (spec.model == ModelKind::kLinear) {
    spec.ridge = reader.OptionalNumber("ridge", {0, 1e9}).value_or(0);
  }
  return spec;
}

GapSpec ReadGap(TableReader& reader, const Schema& schema) {
  GapSpec spec;
  const Column* const between = ReadCategoryColumn(reader, schema, "between");
  if (between != nullptr) {
    spec.between = between->name;
    if (between->categories.size() != 2) {
      reader.Report(reader.LineOf("between"), "RECIPE",
                    absl::StrFormat("\"%s\" has %d categories, want two; a gap is between two",
                                    between->name, between->categories.size()));
    }
  }
  spec.target = reader.Text("target");
  RegressionSpec terms;
  terms.target = spec.target;
  CheckTarget(reader, schema, terms);
  spec.features = ReadFeatures(reader, schema, {spec.target, spec.between});
  spec.design_effect = reader.OptionalNumber("design_effect", kDesignEffect).value_or(1);
  return spec;
}

}  // namespace mutual::study
