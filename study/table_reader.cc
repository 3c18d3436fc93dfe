#include "study/table_reader.h"

#include <cmath>

#include "absl/strings/str_format.h"

namespace mutual::study {
namespace {

constexpr char kUnreadable[] =
    "holds a control character or an invisible one, so that people would not see what they vote "
    "on; remove it";

}  // namespace

bool Range::Holds(double value) const {
  return (least_open ? value > least : value >= least) &&
         (most_open ? value < most : value <= most);
}

std::string Range::Words() const {
  return absl::StrFormat("%s %g and %s %g", least_open ? "above" : "at least", least,
                         most_open ? "below" : "at most", most);
}

TableReader::TableReader(const TomlValue& table, ReaderContext context)
    : table_(table), context_(std::move(context)) {}

TableReader::~TableReader() {
  for (const TomlValue& field : table_.items) {
    if (any_key_ || read_.count(field.key) != 0) continue;
    if (!IsReadable(field.key, TextShape::kLine)) {
      Report(field.line, "UNPRINTABLE_TEXT", context_.name + " has a key that " + kUnreadable);
      continue;
    }
    Report(field.line, "UNKNOWN_KEY",
           absl::StrFormat("%s has an unknown key \"%s\"; check the spelling or remove it",
                           context_.name, field.key));
  }
}

void TableReader::Report(int line, const std::string& code, const std::string& message) {
  context_.problems->push_back({line, code, message});
}

bool TableReader::Has(const std::string& key) const { return table_.Find(key) != nullptr; }

int TableReader::LineOf(const std::string& key) const {
  const TomlValue* const value = table_.Find(key);
  return value == nullptr ? line() : value->line;
}

int TableReader::LineOf(const std::string& key, size_t item) const {
  const TomlValue* const value = table_.Find(key);
  return value == nullptr || item >= value->items.size() ? LineOf(key) : value->items[item].line;
}

const TomlValue* TableReader::Find(const std::string& key, const std::string& wanted) {
  read_.insert(key);
  const TomlValue* const value = table_.Find(key);
  if (value == nullptr) {
    Report(line(), "MISSING_KEY",
           absl::StrFormat("%s has no %s; want %s", context_.name, key, wanted));
  }
  return value;
}

void TableReader::Mistyped(const std::string& key, const std::string& wanted) {
  Report(LineOf(key), "WRONG_TYPE",
         absl::StrFormat("%s: %s is not %s", context_.name, key, wanted));
}

std::string TableReader::ReadText(const std::string& key, TextShape shape) {
  read_.insert(key);
  const TomlValue& value = *table_.Find(key);
  if (value.kind != TomlKind::kText) {
    Mistyped(key, "a text in quotes");
    return "";
  }
  if (!IsReadable(value.text, shape)) {
    const char* const line_break = IsReadable(value.text, TextShape::kParagraphs)
                                       ? "has a line break; want one line"
                                       : kUnreadable;
    Report(value.line, "UNPRINTABLE_TEXT",
           absl::StrFormat("%s: %s %s", context_.name, key, line_break));
    return "";
  }
  if (value.text.empty()) Mistyped(key, "a text that says something");
  return value.text;
}

std::string TableReader::Text(const std::string& key) {
  if (Find(key, "a text in quotes") == nullptr) return "";
  return ReadText(key, TextShape::kLine);
}

std::string TableReader::Paragraphs(const std::string& key) {
  if (Find(key, "a text in quotes") == nullptr) return "";
  return ReadText(key, TextShape::kParagraphs);
}

std::string TableReader::OptionalText(const std::string& key) {
  return Has(key) ? ReadText(key, TextShape::kLine) : "";
}

std::optional<double> TableReader::ReadNumber(const std::string& key, const Range& range) {
  read_.insert(key);
  const TomlValue& value = *table_.Find(key);
  const bool number = value.kind == TomlKind::kInteger || value.kind == TomlKind::kReal;
  if (!number || !std::isfinite(value.real)) {
    Mistyped(key, "a finite number");
    return std::nullopt;
  }
  if (!range.Holds(value.real)) {
    Report(value.line, context_.range_code,
           absl::StrFormat("%s: %s is %g, want %s", context_.name, key, value.real, range.Words()));
    return std::nullopt;
  }
  return value.real;
}

std::optional<double> TableReader::Number(const std::string& key, const Range& range) {
  if (Find(key, "a number " + range.Words()) == nullptr) return std::nullopt;
  return ReadNumber(key, range);
}

std::optional<double> TableReader::OptionalNumber(const std::string& key, const Range& range) {
  return Has(key) ? ReadNumber(key, range) : std::nullopt;
}

int TableReader::Integer(const std::string& key, const Range& range) {
  const TomlValue* const value = Find(key, "a whole number " + range.Words());
  if (value == nullptr) return 0;
  if (value->kind != TomlKind::kInteger) {
    Mistyped(key, "a whole number");
    return 0;
  }
  return static_cast<int>(ReadNumber(key, range).value_or(0));
}

std::optional<absl::CivilDay> TableReader::Date(const std::string& key) {
  const TomlValue* const value = Find(key, "a date such as 2035-12-31");
  if (value == nullptr) return std::nullopt;
  if (value->kind != TomlKind::kDate) {
    Mistyped(key, "a date such as 2035-12-31, without quotes");
    return std::nullopt;
  }
  return value->date;
}

absl::Duration TableReader::Duration(const std::string& key) {
  const std::string text = Text(key);
  absl::Duration duration;
  if (text.empty()) return absl::ZeroDuration();
  if (!absl::ParseDuration(text, &duration) || duration < absl::Milliseconds(100) ||
      duration > absl::Hours(24 * 60)) {
    Report(
        LineOf(key), context_.range_code,
        absl::StrFormat("%s: %s is \"%s\", want a time such as \"30s\", \"10m\" or \"48h\", from "
                        "100ms to 1440h",
                        context_.name, key, text));
    return absl::ZeroDuration();
  }
  return duration;
}

const TomlValue* TableReader::FindArray(const std::string& key, const std::string& wanted) {
  const TomlValue* const value = Find(key, wanted);
  if (value == nullptr) return nullptr;
  if (value->kind == TomlKind::kArray) return value;
  Mistyped(key, wanted);
  return nullptr;
}

std::vector<std::string> TableReader::Texts(const std::string& key) {
  std::vector<std::string> texts;
  const TomlValue* const array = FindArray(key, "a list of texts in quotes");
  for (size_t i = 0; array != nullptr && i < array->items.size(); ++i) {
    const TomlValue& item = array->items[i];
    if (item.kind != TomlKind::kText || item.text.empty()) {
      Report(
          item.line, "WRONG_TYPE",
          absl::StrFormat("%s: %s holds something that is no text in quotes", context_.name, key));
      return {};
    }
    if (!IsReadable(item.text, TextShape::kLine)) {
      Report(item.line, "UNPRINTABLE_TEXT",
             absl::StrFormat("%s: a text of %s %s", context_.name, key, kUnreadable));
      return {};
    }
    texts.push_back(item.text);
  }
  return texts;
}

std::vector<double> TableReader::Numbers(const std::string& key) {
  std::vector<double> numbers;
  const TomlValue* const array = FindArray(key, "a list of numbers");
  for (size_t i = 0; array != nullptr && i < array->items.size(); ++i) {
    const TomlValue& item = array->items[i];
    const bool number = item.kind == TomlKind::kInteger || item.kind == TomlKind::kReal;
    if (!number || !std::isfinite(item.real)) {
      Report(
          item.line, "WRONG_TYPE",
          absl::StrFormat("%s: %s holds something that is no finite number", context_.name, key));
      return {};
    }
    numbers.push_back(item.real);
  }
  return numbers;
}

const TomlValue* TableReader::Table(const std::string& key) {
  const TomlValue* const value = Find(key, "a section [" + key + "]");
  if (value == nullptr || value->kind == TomlKind::kTable) return value;
  Mistyped(key, "a section [" + key + "]");
  return nullptr;
}

const TomlValue* TableReader::TableOrTables(const std::string& key) {
  if (Has(key) && table_.Find(key)->kind == TomlKind::kArray) read_.insert(key);
  return Has(key) && table_.Find(key)->kind == TomlKind::kArray ? table_.Find(key) : Table(key);
}

std::vector<const TomlValue*> TableReader::Tables(const std::string& key) {
  std::vector<const TomlValue*> tables;
  if (!Has(key)) return tables;
  const TomlValue* const array = FindArray(key, "a list of sections [[" + key + "]]");
  for (size_t i = 0; array != nullptr && i < array->items.size(); ++i) {
    if (array->items[i].kind != TomlKind::kTable) {
      Mistyped(key, "a list of sections [[" + key + "]]");
      return {};
    }
    tables.push_back(&array->items[i]);
  }
  return tables;
}

}  // namespace mutual::study
