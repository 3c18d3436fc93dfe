#include "study/toml_reader.h"

#include <algorithm>
#include <cmath>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "absl/strings/str_format.h"

namespace mutual::study {
namespace {

const toml::table& Own(const TomlTable& table) {
  return reinterpret_cast<const toml::table&>(table);
}
const TomlTable* Opaque(const toml::table* table) {
  return reinterpret_cast<const TomlTable*>(table);
}
int Line(const toml::source_region& source) { return static_cast<int>(source.begin.line); }

std::optional<std::vector<double>> FiniteNumbers(const toml::node& node) {
  const toml::array* const array = node.as_array();
  if (array == nullptr) return std::nullopt;
  std::vector<double> numbers;
  for (const toml::node& item : *array) {
    const auto value = item.value<double>();
    if (!item.is_number() || !value || !std::isfinite(*value)) return std::nullopt;
    numbers.push_back(*value);
  }
  return numbers;
}

}  // namespace

struct TomlFile::State {
  toml::table root;
};

TomlFile::TomlFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
TomlFile::~TomlFile() = default;
const TomlTable& TomlFile::root() const { return *Opaque(&state_->root); }

std::unique_ptr<TomlFile> TomlFile::Parse(std::string_view text, std::vector<Problem>* problems) {
  toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    problems->push_back({Line(parsed.error().source()), "NOT_TOML",
                         "the file is not TOML: " + std::string(parsed.error().description())});
    return nullptr;
  }
  auto state = std::make_unique<State>();
  state->root = std::move(parsed).table();
  return std::unique_ptr<TomlFile>(new TomlFile(std::move(state)));
}

TableReader::TableReader(const TomlTable& table, std::string name, std::vector<Problem>* problems)
    : table_(table), name_(std::move(name)), problems_(problems) {}

TableReader::~TableReader() {
  if (ignore_others_) return;
  for (const auto& [key, node] : Own(table_)) {
    const std::string text(key.str());
    if (read_.count(text) == 0) {
      Report(Line(key.source()), "UNKNOWN_KEY",
             absl::StrFormat("%s has an unknown key \"%s\"; check the spelling or remove it", name_,
                             text));
    }
  }
}

int TableReader::line() const { return std::max(1, Line(Own(table_).source())); }

void TableReader::Report(int line, const std::string& code, const std::string& message) {
  problems_->push_back({line, code, message});
}

void TableReader::ReportAt(const std::string& key, const std::string& code,
                           const std::string& message) {
  Report(LineOf(key), code, message);
}

bool TableReader::Has(const std::string& key) const { return Own(table_).contains(key); }

bool TableReader::IsList(const std::string& key) const {
  const toml::node* const node = Own(table_).get(key);
  return node != nullptr && node->is_array();
}

int TableReader::LineOf(const std::string& key) const {
  const toml::node* const node = Own(table_).get(key);
  return node == nullptr ? line() : Line(node->source());
}

bool TableReader::Find(const std::string& key, const std::string& wanted) {
  read_.insert(key);
  if (Has(key)) return true;
  if (!wanted.empty()) {
    Report(line(), "MISSING_KEY", absl::StrFormat("%s has no %s; want %s", name_, key, wanted));
  }
  return false;
}

void TableReader::Mistyped(const std::string& key, const std::string& wanted) {
  Report(LineOf(key), "WRONG_TYPE", absl::StrFormat("%s: %s is not %s", name_, key, wanted));
}

std::string TableReader::Text(const std::string& key) {
  if (!Find(key, "a text in quotes")) return "";
  const std::string text = OptionalText(key);
  if (text.empty() && Own(table_).get(key)->is_string()) {
    Mistyped(key, "a text that says something");
  }
  return text;
}

std::string TableReader::OptionalText(const std::string& key) {
  if (!Find(key, "")) return "";
  const toml::value<std::string>* const value = Own(table_).get(key)->as_string();
  if (value == nullptr) {
    Mistyped(key, "a text in quotes");
    return "";
  }
  return value->get();
}

double TableReader::Number(const std::string& key) {
  if (!Find(key, "a number")) return 0;
  return OptionalNumber(key).value_or(0);
}

std::optional<double> TableReader::OptionalNumber(const std::string& key) {
  if (!Find(key, "")) return std::nullopt;
  const toml::node& node = *Own(table_).get(key);
  const auto value = node.value<double>();
  if (!node.is_number() || !value || !std::isfinite(*value)) {
    Mistyped(key, "a finite number");
    return std::nullopt;
  }
  return *value;
}

int TableReader::Integer(const std::string& key) {
  if (!Find(key, "a whole number")) return 0;
  const toml::value<int64_t>* const value = Own(table_).get(key)->as_integer();
  if (value == nullptr || value->get() < 0 || value->get() > (1 << 30)) {
    Mistyped(key, "a whole number from 0 to 1073741824");
    return 0;
  }
  return static_cast<int>(value->get());
}

absl::CivilDay TableReader::Date(const std::string& key) {
  if (!Find(key, "a date such as 2027-12-31")) return absl::CivilDay::max();
  const toml::value<toml::date>* const value = Own(table_).get(key)->as_date();
  if (value == nullptr) {
    Mistyped(key, "a date such as 2027-12-31, without quotes");
    return absl::CivilDay::max();
  }
  return absl::CivilDay(value->get().year, value->get().month, value->get().day);
}

absl::Duration TableReader::Duration(const std::string& key) {
  const std::string text = Text(key);
  absl::Duration duration;
  if (text.empty()) return absl::Seconds(1);
  if (!absl::ParseDuration(text, &duration) || duration < absl::Milliseconds(100) ||
      duration > absl::Hours(24 * 60)) {
    Mistyped(key, "a time such as \"30s\", \"10m\" or \"48h\", from 100ms to 1440h");
    return absl::Seconds(1);
  }
  return duration;
}

std::vector<std::string> TableReader::Texts(const std::string& key) {
  std::vector<std::string> texts;
  if (!Find(key, "a list of texts")) return texts;
  const toml::array* const array = Own(table_).get(key)->as_array();
  for (size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const toml::value<std::string>* const value = array->get(i)->as_string();
    if (value == nullptr || value->get().empty()) break;
    texts.push_back(value->get());
  }
  if (array == nullptr || array->empty() || texts.size() != array->size()) {
    Mistyped(key, "a list of texts in quotes, with at least one");
    return {};
  }
  return texts;
}

std::vector<double> TableReader::Numbers(const std::string& key) {
  if (!Find(key, "a list of numbers")) return {};
  const auto numbers = FiniteNumbers(*Own(table_).get(key));
  if (!numbers) Mistyped(key, "a list of finite numbers");
  return numbers.value_or(std::vector<double>{});
}

std::vector<std::vector<double>> TableReader::NumberLists(const std::string& key) {
  if (!Find(key, "a list of lists of numbers")) return {};
  const toml::array* const array = Own(table_).get(key)->as_array();
  std::vector<std::vector<double>> lists;
  for (size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const auto numbers = FiniteNumbers(*array->get(i));
    if (!numbers) break;
    lists.push_back(*numbers);
  }
  if (array == nullptr || lists.size() != array->size()) {
    Mistyped(key, "a list of lists of finite numbers");
    return {};
  }
  return lists;
}

const TomlTable* TableReader::Table(const std::string& key) {
  if (!Find(key, "a section [" + key + "]")) return nullptr;
  const toml::table* const table = Own(table_).get(key)->as_table();
  if (table == nullptr) Mistyped(key, "a section");
  return Opaque(table);
}

std::vector<const TomlTable*> TableReader::Tables(const std::string& key) {
  std::vector<const TomlTable*> tables;
  if (!Find(key, "")) return tables;
  const toml::array* const array = Own(table_).get(key)->as_array();
  for (size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const toml::table* const table = array->get(i)->as_table();
    if (table != nullptr) tables.push_back(Opaque(table));
  }
  if (array == nullptr || tables.size() != array->size()) {
    Mistyped(key, "a list of sections [[" + key + "]]");
  }
  return tables;
}

}  // namespace mutual::study
