// Reads the measures of a statistic: `columns` and [[recipe.ratio]].
#include <set>

#include "absl/strings/str_format.h"
#include "study/lint.h"

namespace mutual::study {
namespace {

bool IsNumeric(const Column& column) {
  return column.type == ColumnType::kReal || column.type == ColumnType::kInteger;
}

void ReadColumns(TableReader& reader, const Schema& schema, bool categories,
                 std::vector<Measure>* measures) {
  const std::vector<std::string> names = reader.Texts("columns");
  for (size_t i = 0; i < names.size(); ++i) {
    const int line = reader.LineOf("columns", i);
    const int index = schema.Find(names[i]);
    if (index < 0) {
      reader.Report(line, "UNKNOWN_COLUMN",
                    absl::StrFormat("columns names \"%s\", which [data] does not have", names[i]));
      continue;
    }
    const Column& column = schema.columns[static_cast<size_t>(index)];
    const bool category = column.type == ColumnType::kCategory;
    if (!IsNumeric(column) && !(categories && category)) {
      reader.Report(line, "WRONG_TYPE", absl::StrFormat("column \"%s\" is not a number", names[i]));
      continue;
    }
    measures->push_back({names[i], names[i], "", category ? 0 : column.lower,
                         category ? 0 : column.upper, column.unit, 1});
  }
}

std::string ReadTerm(TableReader& ratio, const Schema& schema, const std::string& key) {
  const std::string name = ratio.Text(key);
  if (name.empty()) return name;
  const int index = schema.Find(name);
  if (index < 0) {
    ratio.Report(ratio.LineOf(key), "UNKNOWN_COLUMN",
                 absl::StrFormat("%s names \"%s\", which [data] does not have", key, name));
  } else if (!IsNumeric(schema.columns[static_cast<size_t>(index)])) {
    ratio.Report(ratio.LineOf(key), "WRONG_TYPE",
                 absl::StrFormat("%s: column \"%s\" is not a number", key, name));
  }
  return name;
}

Measure ReadRatio(TableReader& ratio, const Schema& schema) {
  Measure measure;
  measure.name = ratio.Text("name");
  measure.numerator = ReadTerm(ratio, schema, "numerator");
  measure.denominator = ReadTerm(ratio, schema, "denominator");
  const Range bounds{-1e12, 1e12};
  const auto lower = ratio.Number("lower", bounds), upper = ratio.Number("upper", bounds);
  measure.lower = lower.value_or(0);
  measure.upper = upper.value_or(1);
  measure.unit = ratio.OptionalText("unit");
  measure.factor = ratio.OptionalNumber("factor", {-1e12, 1e12}).value_or(1);
  if (lower && upper && !(*upper - *lower >= 1e-9)) {
    ratio.Report(ratio.line(), "UNBOUNDED_COLUMN",
                 absl::StrFormat("ratio \"%s\" needs lower < upper, at least 1e-9 apart; without "
                                 "bounds no noise is enough",
                                 measure.name));
  }
  if (measure.factor == 0) {
    ratio.Report(ratio.LineOf("factor"), "RECIPE", "factor is 0, so every value would be 0");
  }
  return measure;
}

}  // namespace

std::vector<Measure> ReadMeasures(TableReader& reader, const Schema& schema, bool categories) {
  std::vector<Measure> measures;
  const size_t problems = reader.problems()->size();
  if (reader.Has("columns")) ReadColumns(reader, schema, categories, &measures);
  for (const TomlValue* const table : reader.Tables("ratio")) {
    TableReader ratio(*table, {"[[recipe.ratio]]", "UNBOUNDED_COLUMN", reader.problems()});
    measures.push_back(ReadRatio(ratio, schema));
  }
  std::set<std::string> names;
  for (const Measure& measure : measures) {
    if (measure.name.empty() || names.insert(measure.name).second) continue;
    reader.Report(reader.LineOf("columns"), "RECIPE",
                  absl::StrFormat("\"%s\" is asked for twice, which only adds noise; remove one",
                                  measure.name));
  }
  if (measures.empty() && reader.problems()->size() == problems) {
    reader.Report(reader.line(), "MISSING_KEY", "[recipe] needs columns or [[recipe.ratio]]");
  }
  return measures;
}

Measure ReadMeasure(TableReader& reader, const Schema& schema) {
  const size_t problems = reader.problems()->size();
  std::vector<Measure> measures = ReadMeasures(reader, schema, false);
  if (reader.problems()->size() == problems && measures.size() != 1) {
    reader.Report(reader.line(), "RECIPE",
                  absl::StrFormat("the recipe has %d columns and ratios, want one; several "
                                  "[[recipe]] may stand in one study",
                                  measures.size()));
  }
  return measures.empty() ? Measure{"", "", "", 0, 1, "", 1} : measures[0];
}

namespace {

const Column* FindColumn(TableReader& reader, const Schema& schema, const std::string& key) {
  const std::string name = reader.Text(key);
  if (name.empty()) return nullptr;
  const int index = schema.Find(name);
  if (index >= 0) return &schema.columns[static_cast<size_t>(index)];
  reader.Report(reader.LineOf(key), "UNKNOWN_COLUMN",
                absl::StrFormat("%s names \"%s\", which [data] does not have", key, name));
  return nullptr;
}

}  // namespace

const Column* ReadCategoryColumn(TableReader& reader, const Schema& schema,
                                 const std::string& key) {
  const Column* const column = FindColumn(reader, schema, key);
  if (column == nullptr || column->type == ColumnType::kCategory) return column;
  reader.Report(reader.LineOf(key), "WRONG_TYPE",
                absl::StrFormat("%s: column \"%s\" is not a category", key, column->name));
  return nullptr;
}

const Column* ReadNumberColumn(TableReader& reader, const Schema& schema, const std::string& key) {
  const Column* const column = FindColumn(reader, schema, key);
  if (column == nullptr || IsNumeric(*column)) return column;
  reader.Report(reader.LineOf(key), "WRONG_TYPE",
                absl::StrFormat("%s: column \"%s\" is not a number", key, column->name));
  return nullptr;
}

std::string ReadBy(TableReader& reader, const Schema& schema) {
  if (!reader.Has("by")) return "";
  const Column* const column = ReadCategoryColumn(reader, schema, "by");
  return column == nullptr ? "" : column->name;
}

std::vector<double> ReadShares(TableReader& reader, const std::string& key) {
  const std::vector<double> shares = reader.Numbers(key);
  for (size_t i = 0; i < shares.size(); ++i) {
    if (shares[i] > 0 && shares[i] < 1) continue;
    reader.Report(reader.LineOf(key, i), "RECIPE",
                  absl::StrFormat("quantile is %g, want above 0 and below 1", shares[i]));
  }
  return shares;
}

std::vector<double> EqualBins(double lower, double upper, int bins) {
  std::vector<double> edges;
  for (int b = 0; bins > 0 && b <= bins; ++b) edges.push_back(lower + (upper - lower) * b / bins);
  return edges;
}

}  // namespace mutual::study
