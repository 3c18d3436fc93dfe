// Reads [recipe] of a study file.
#include <cmath>

#include "absl/strings/str_format.h"
#include "study/feature.h"
#include "study/lint.h"

namespace mutual::study {
namespace {

const Column* FindColumn(TableReader& reader, const Schema& schema, const std::string& name,
                         const std::string& key) {
  const int index = schema.Find(name);
  if (index >= 0) return &schema.columns[static_cast<size_t>(index)];
  reader.Report(reader.LineOf(key), "UNKNOWN_COLUMN",
                absl::StrFormat("%s names column \"%s\", which [data] does not have", key, name));
  return nullptr;
}

bool IsNumeric(const Column& column) {
  return column.type == ColumnType::kReal || column.type == ColumnType::kInteger;
}

std::vector<Measure> ReadMeasures(TableReader& reader, const Schema& schema, bool categories,
                                  std::vector<Problem>* problems) {
  std::vector<Measure> measures;
  if (reader.Has("columns")) {
    for (const std::string& name : reader.Texts("columns")) {
      const Column* const column = FindColumn(reader, schema, name, "columns");
      if (column == nullptr) continue;
      const bool category = column->type == ColumnType::kCategory;
      if (!IsNumeric(*column) && !(categories && category)) {
        reader.Report(reader.LineOf("columns"), "WRONG_TYPE",
                      absl::StrFormat("column \"%s\" is not a number", name));
        continue;
      }
      measures.push_back({name, name, "", category ? 0 : column->lower,
                          category ? 0 : column->upper, column->unit, 1});
    }
  }
  for (const toml::table* const table : reader.Tables("ratio")) {
    TableReader ratio(*table, "[[recipe.ratio]]", problems);
    Measure measure;
    measure.name = ratio.Text("name");
    measure.numerator = ratio.Text("numerator");
    measure.denominator = ratio.Text("denominator");
    measure.lower = ratio.Number("lower");
    measure.upper = ratio.Number("upper");
    measure.unit = ratio.OptionalText("unit");
    measure.factor = ratio.OptionalNumber("factor").value_or(1);
    for (const char* key : {"numerator", "denominator"}) {
      const std::string& name = key[0] == 'n' ? measure.numerator : measure.denominator;
      const Column* const column = FindColumn(ratio, schema, name, key);
      if (column != nullptr && !IsNumeric(*column)) {
        ratio.Report(ratio.LineOf(key), "WRONG_TYPE",
                     absl::StrFormat("column \"%s\" is not a number", name));
      }
    }
    if (measure.lower >= measure.upper) {
      ratio.Report(ratio.line(), "UNBOUNDED_COLUMN", "a ratio needs lower < upper");
    }
    measures.push_back(measure);
  }
  if (measures.empty()) {
    reader.Report(reader.line(), "MISSING_KEY", "[recipe] needs columns or [[recipe.ratio]]");
  }
  return measures;
}

MeanSpec ReadMean(TableReader& reader, const Schema& schema, std::vector<Problem>* problems) {
  MeanSpec spec;
  spec.measures = ReadMeasures(reader, schema, false, problems);
  spec.by = reader.OptionalText("by");
  if (!spec.by.empty()) {
    const Column* const column = FindColumn(reader, schema, spec.by, "by");
    if (column != nullptr && column->type != ColumnType::kCategory) {
      reader.Report(reader.LineOf("by"), "WRONG_TYPE",
                    absl::StrFormat("column \"%s\" is not a category", spec.by));
    }
  }
  return spec;
}

HistogramSpec ReadHistogram(TableReader& reader, const Schema& schema,
                            std::vector<Problem>* problems) {
  HistogramSpec spec;
  spec.measures = ReadMeasures(reader, schema, true, problems);
  const int line = reader.LineOf("bins");
  const std::vector<double> bins = reader.Numbers("bins");
  if (reader.Has("quantiles")) spec.quantiles = reader.Numbers("quantiles");
  if (spec.measures.size() > 2) {
    reader.Report(reader.line(), "RECIPE", "a histogram has one or two columns or ratios");
  }
  if (bins.size() != spec.measures.size()) {
    reader.Report(line, "RECIPE",
                  "bins needs one number a column: how many equal bins (0 for a category column)");
    return spec;
  }
  for (size_t i = 0; i < bins.size(); ++i) {
    const Measure& measure = spec.measures[i];
    const bool category = measure.lower == measure.upper;
    std::vector<double> edges;
    const int count = static_cast<int>(bins[i]);
    if (category ? count != 0 : (count < 1 || count > 100000 || bins[i] != count)) {
      reader.Report(line, "RECIPE",
                    absl::StrFormat("bins of \"%s\" is %g, want %s", measure.name, bins[i],
                                    category ? "0 (a category has its own bins)"
                                             : "a whole number from 1 to 100000"));
      continue;
    }
    for (int b = 0; !category && b <= count; ++b) {
      edges.push_back(measure.lower + (measure.upper - measure.lower) * b / count);
    }
    spec.edges.push_back(edges);
  }
  for (const double q : spec.quantiles) {
    if (!(q > 0 && q < 1) || spec.measures.size() != 1 || spec.edges.empty() ||
        spec.edges[0].empty()) {
      reader.Report(reader.LineOf("quantiles"), "RECIPE",
                    "quantiles lie between 0 and 1 and need a histogram of one number");
      break;
    }
  }
  return spec;
}

void ReadModel(TableReader& reader, TrainSpec* spec) {
  const std::string model = reader.Text("model");
  if (model == "logistic") {
    spec->model = ModelKind::kLogistic;
  } else if (model == "poisson") {
    spec->model = ModelKind::kPoisson;
  } else if (model == "mlp") {
    spec->model = ModelKind::kMlp;
    for (const double width : reader.Numbers("hidden")) {
      if (!(width >= 1 && width <= 4096 && width == std::floor(width))) {
        reader.Report(reader.LineOf("hidden"), "RECIPE", "hidden widths are whole, 1 to 4096");
        return;
      }
      spec->hidden.push_back(static_cast<int>(width));
    }
  } else if (model != "linear" && !model.empty()) {
    reader.Report(reader.LineOf("model"), "RECIPE",
                  absl::StrFormat("model is \"%s\", want linear, logistic, poisson or mlp", model));
  }
}

void ReadOptimizer(TableReader& reader, TrainSpec* spec) {
  const std::string optimizer = reader.Text("optimizer");
  if (optimizer == "adam") {
    spec->optimizer = Optimizer::kAdam;
  } else if (optimizer != "sgd" && !optimizer.empty()) {
    reader.Report(reader.LineOf("optimizer"), "RECIPE",
                  absl::StrFormat("optimizer is \"%s\", want sgd or adam", optimizer));
  }
  spec->learning_rate = reader.Number("learning_rate");
  spec->momentum = reader.OptionalNumber("momentum").value_or(0);
  spec->weight_decay = reader.OptionalNumber("weight_decay").value_or(0);
  spec->averaging = reader.OptionalNumber("averaging").value_or(0);
  const auto out_of_range = [&](const char* key, const char* want) {
    reader.Report(reader.LineOf(key), "RECIPE", absl::StrFormat("%s is out of range, want %s", key, want));
  };
  if (!(spec->learning_rate > 0)) out_of_range("learning_rate", "above 0");
  if (!(spec->momentum >= 0 && spec->momentum < 1)) out_of_range("momentum", "0 to below 1");
  if (!(spec->averaging >= 0 && spec->averaging < 1)) out_of_range("averaging", "0 to below 1");
  if (!(spec->weight_decay >= 0)) out_of_range("weight_decay", "0 or more");
}

TrainSpec ReadTrain(TableReader& reader, const Schema& schema) {
  TrainSpec spec;
  ReadModel(reader, &spec);
  ReadOptimizer(reader, &spec);
  spec.features = reader.Texts("features");
  spec.target = reader.Text("target");
  spec.target_class = reader.OptionalText("target_class");
  spec.rounds = reader.Integer("rounds");
  spec.expected_members = reader.Number("expected_members");
  spec.evaluation_share = reader.OptionalNumber("evaluation_share").value_or(0);
  if (spec.rounds < 1 || spec.rounds > 1000000) {
    reader.Report(reader.LineOf("rounds"), "RECIPE", "rounds is out of range, want 1 to 1000000");
  }
  if (!(spec.expected_members >= 1)) {
    reader.Report(reader.LineOf("expected_members"), "RECIPE",
                  "expected_members is the public number that divides the sum, want at least 1");
  }
  if (!(spec.evaluation_share >= 0 && spec.evaluation_share <= 0.5)) {
    reader.Report(reader.LineOf("evaluation_share"), "RECIPE",
                  "evaluation_share is out of range, want 0 to 0.5");
  }
  if (spec.features.empty() || spec.target.empty()) return spec;
  const auto features = FeatureMap::Create(schema, spec);
  if (!features.ok()) {
    reader.Report(reader.LineOf("features"), "UNKNOWN_COLUMN",
                  std::string(features.status().message()));
  }
  return spec;
}

}  // namespace

RecipeSpec ReadRecipe(const toml::table& table, const Schema& schema,
                      std::vector<Problem>* problems) {
  TableReader reader(table, "[recipe]", problems);
  const std::string kind = reader.Text("kind");
  if (kind == "mean") return ReadMean(reader, schema, problems);
  if (kind == "histogram") return ReadHistogram(reader, schema, problems);
  if (kind == "train") return ReadTrain(reader, schema);
  if (!kind.empty()) {
    reader.Report(reader.LineOf("kind"), "RECIPE",
                  absl::StrFormat("recipe kind is \"%s\", want mean, histogram or train", kind));
  }
  return MeanSpec{};
}

}  // namespace mutual::study
