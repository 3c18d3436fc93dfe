// Reads [[data.column]] of a study file.
#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "absl/strings/str_format.h"
#include "study/lint.h"

namespace mutual::study {
namespace {

// Wider or closer bounds lose the values in float64 arithmetic.
constexpr double kLargestBound = 1e12;
constexpr double kLeastWidth = 1e-9;

// Nothing, reported, when the type is none of these.
std::optional<ColumnType> ReadType(TableReader& reader) {
  const std::string type = reader.Text("type");
  if (type == "real") return ColumnType::kReal;
  if (type == "integer") return ColumnType::kInteger;
  if (type == "category") return ColumnType::kCategory;
  if (type == "text") return ColumnType::kText;
  if (type == "image") return ColumnType::kImage;
  if (!type.empty()) {
    reader.Report(reader.LineOf("type"), "WRONG_TYPE",
                  absl::StrFormat(
                      "column type is \"%s\", want real, integer, category, text or image", type));
  }
  return std::nullopt;
}

void ReadBounds(TableReader& reader, Column* column) {
  const size_t problems = reader.problems()->size();
  const Range range{-kLargestBound, kLargestBound};
  const auto lower = reader.OptionalNumber("lower", range);
  const auto upper = reader.OptionalNumber("upper", range);
  column->lower = lower.value_or(0);
  column->upper = upper.value_or(1);
  if (reader.problems()->size() > problems) return;
  if (!lower || !upper || *lower >= *upper) {
    reader.Report(column->line, "UNBOUNDED_COLUMN",
                  absl::StrFormat("column \"%s\" needs lower and upper bounds with lower < upper; "
                                  "without them no noise is enough",
                                  column->name));
    column->lower = 0;  // so that one fault is not many
    column->upper = 1;
    return;
  }
  if (*upper - *lower < kLeastWidth * std::max({1.0, std::abs(*lower), std::abs(*upper)})) {
    reader.Report(
        reader.LineOf("upper"), "BAD_BOUNDS",
        absl::StrFormat("the bounds of column \"%s\" are too close to compute with; choose "
                        "another unit",
                        column->name));
  }
  if (column->type == ColumnType::kInteger &&
      (*lower != std::floor(*lower) || *upper != std::floor(*upper))) {
    reader.Report(reader.LineOf("lower"), "BAD_BOUNDS",
                  absl::StrFormat("column \"%s\" holds whole numbers, so its bounds must be whole",
                                  column->name));
  }
}

void ReadCategories(TableReader& reader, Column* column) {
  const size_t problems = reader.problems()->size();
  column->categories = reader.Texts("categories");
  if (reader.problems()->size() > problems) return;
  std::set<std::string> seen;
  for (size_t i = 0; i < column->categories.size(); ++i) {
    if (seen.insert(column->categories[i]).second) continue;
    reader.Report(reader.LineOf("categories", i), "REPEATED_CATEGORY",
                  absl::StrFormat("column \"%s\" lists category \"%s\" twice; remove one",
                                  column->name, column->categories[i]));
  }
  if (column->categories.size() < 2) {
    reader.Report(reader.LineOf("categories"), "TOO_FEW_CATEGORIES",
                  absl::StrFormat("column \"%s\" has %d categories, want at least two",
                                  column->name, column->categories.size()));
  }
}

// `free_text = "allowed"` with `words` and either `buckets` or `vocabulary`; nothing for a text
// that is never read.
void ReadFreeText(TableReader& reader, Column* column) {
  const std::string allowed = reader.OptionalText("free_text");
  if (allowed.empty()) return;
  if (allowed != "allowed") {
    reader.Report(reader.LineOf("free_text"), "FREE_TEXT",
                  absl::StrFormat("free_text is \"%s\", want \"allowed\" or no such key", allowed));
  }
  column->words = reader.Integer("words", {1, 4096});
  const bool hashed = reader.Has("buckets"), listed = reader.Has("vocabulary");
  if (hashed == listed) {
    reader.Report(
        column->line, "FREE_TEXT",
        absl::StrFormat("column \"%s\" needs either buckets or a vocabulary, so that words "
                        "become numbers",
                        column->name));
  }
  if (hashed) column->buckets = reader.Integer("buckets", {2, 1 << 20});
  if (!listed) return;
  column->vocabulary = reader.Texts("vocabulary");
  const std::set<std::string> distinct(column->vocabulary.begin(), column->vocabulary.end());
  if (distinct.size() != column->vocabulary.size()) {
    reader.Report(reader.LineOf("vocabulary"), "FREE_TEXT",
                  absl::StrFormat("the vocabulary of \"%s\" lists a word twice", column->name));
  }
}

void ReadImage(TableReader& reader, Column* column) {
  column->width = reader.Integer("width", {1, 1024});
  column->height = reader.Integer("height", {1, 1024});
  column->channels = reader.Integer("channels", {1, 3});
}

Column ReadColumn(TableReader& reader) {
  Column column;
  column.line = reader.line();
  column.name = reader.Text("name");
  const auto type = ReadType(reader);
  column.type = type.value_or(ColumnType::kReal);
  column.unit = reader.OptionalText("unit");
  if (reader.Has("definition")) {
    column.definition = reader.Paragraphs("definition");
  } else {
    reader.Report(column.line, "MISSING_DEFINITION",
                  absl::StrFormat("column \"%s\" has no definition; say exactly what is measured, "
                                  "because people vote on it",
                                  column.name));
  }
  if (!type) {
    reader.AllowAnyKey();  // which keys belong here is not known
  } else if (*type == ColumnType::kCategory) {
    ReadCategories(reader, &column);
  } else if (*type == ColumnType::kText) {
    ReadFreeText(reader, &column);
  } else if (*type == ColumnType::kImage) {
    ReadImage(reader, &column);
  } else {
    ReadBounds(reader, &column);
  }
  return column;
}

}  // namespace

Schema ReadSchema(TableReader& data) {
  Schema schema;
  schema.member_column = data.Text("member");
  std::set<std::string> names{schema.member_column};
  for (const TomlValue* const table : data.Tables("column")) {
    TableReader reader(*table, {"[[data.column]]", "BAD_BOUNDS", data.problems()});
    schema.columns.push_back(ReadColumn(reader));
    const std::string& name = schema.columns.back().name;
    if (!name.empty() && !names.insert(name).second) {
      reader.Report(reader.LineOf("name"), "REPEATED_COLUMN",
                    absl::StrFormat("column \"%s\" stands twice, or is the member column; the "
                                    "member column must not be asked for",
                                    name));
    }
  }
  if (!data.Has("column")) {
    data.Report(data.line(), "MISSING_KEY", "the study asks for no column; add [[data.column]]");
  }
  schema.PlaceExtras();
  return schema;
}

}  // namespace mutual::study
