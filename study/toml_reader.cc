#include "study/toml_reader.h"

#include <cmath>

#include "absl/strings/str_format.h"

namespace mutual::study {

TableReader::TableReader(const toml::table& table, std::string name,
                         std::vector<Problem>* problems)
    : table_(table), name_(std::move(name)), problems_(problems) {}

TableReader::~TableReader() {
  for (const auto& [key, node] : table_) {
    const std::string text(key.str());
    if (read_.count(text) == 0) {
      Report(static_cast<int>(key.source().begin.line), "UNKNOWN_KEY",
             absl::StrFormat("%s has an unknown key \"%s\"; check the spelling or remove it", name_,
                             text));
    }
  }
}

int TableReader::line() const { return static_cast<int>(table_.source().begin.line); }

void TableReader::Report(int line, const std::string& code, const std::string& message) {
  problems_->push_back({line, code, message});
}

bool TableReader::Has(const std::string& key) const { return table_.contains(key); }

int TableReader::LineOf(const std::string& key) const {
  const toml::node* const node = table_.get(key);
  return node == nullptr ? line() : static_cast<int>(node->source().begin.line);
}

const toml::node* TableReader::Find(const std::string& key, bool required,
                                    const std::string& wanted) {
  read_.insert(key);
  const toml::node* const node = table_.get(key);
  if (node == nullptr && required) {
    Report(line(), "MISSING_KEY", absl::StrFormat("%s has no %s; want %s", name_, key, wanted));
  }
  return node;
}

void TableReader::Mistyped(const std::string& key, const std::string& wanted) {
  Report(LineOf(key), "WRONG_TYPE", absl::StrFormat("%s.%s is not %s", name_, key, wanted));
}

std::string TableReader::Text(const std::string& key) {
  const toml::node* const node = Find(key, true, "a text in quotes");
  if (node == nullptr) return "";
  const std::string text = OptionalText(key);
  if (text.empty() && node->is_string()) Mistyped(key, "a text that says something");
  return text;
}

std::string TableReader::OptionalText(const std::string& key) {
  const toml::node* const node = Find(key, false, "");
  if (node == nullptr) return "";
  const auto value = node->value<std::string>();
  if (!node->is_string() || !value) {
    Mistyped(key, "a text in quotes");
    return "";
  }
  return *value;
}

double TableReader::Number(const std::string& key) {
  if (Find(key, true, "a number") == nullptr) return 0;
  return OptionalNumber(key).value_or(0);
}

std::optional<double> TableReader::OptionalNumber(const std::string& key) {
  const toml::node* const node = Find(key, false, "");
  if (node == nullptr) return std::nullopt;
  const auto value = node->value<double>();
  if (!node->is_number() || !value || !std::isfinite(*value)) {
    Mistyped(key, "a finite number");
    return std::nullopt;
  }
  return *value;
}

int TableReader::Integer(const std::string& key) {
  const toml::node* const node = Find(key, true, "a whole number");
  if (node == nullptr) return 0;
  const auto value = node->value<int64_t>();
  if (!node->is_integer() || !value || *value < 0 || *value > (1 << 30)) {
    Mistyped(key, "a whole number from 0 to 1073741824");
    return 0;
  }
  return static_cast<int>(*value);
}

absl::CivilDay TableReader::Date(const std::string& key) {
  const toml::node* const node = Find(key, true, "a date such as 2027-12-31");
  if (node == nullptr) return absl::CivilDay();
  const auto value = node->value<toml::date>();
  if (!value) {
    Mistyped(key, "a date such as 2027-12-31, without quotes");
    return absl::CivilDay();
  }
  return absl::CivilDay(value->year, value->month, value->day);
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
  const toml::node* const node = Find(key, true, "a list of texts");
  std::vector<std::string> texts;
  if (node == nullptr) return texts;
  const toml::array* const array = node->as_array();
  if (array == nullptr) {
    Mistyped(key, "a list of texts");
    return texts;
  }
  for (const toml::node& item : *array) {
    const auto value = item.value<std::string>();
    if (!item.is_string() || !value) {
      Mistyped(key, "a list of texts in quotes");
      return {};
    }
    texts.push_back(*value);
  }
  return texts;
}

std::vector<double> TableReader::Numbers(const std::string& key) {
  const toml::node* const node = Find(key, true, "a list of numbers");
  std::vector<double> numbers;
  if (node == nullptr) return numbers;
  const toml::array* const array = node->as_array();
  if (array == nullptr) {
    Mistyped(key, "a list of numbers");
    return numbers;
  }
  for (const toml::node& item : *array) {
    const auto value = item.value<double>();
    if (!item.is_number() || !value || !std::isfinite(*value)) {
      Mistyped(key, "a list of finite numbers");
      return {};
    }
    numbers.push_back(*value);
  }
  return numbers;
}

const toml::table* TableReader::Table(const std::string& key) {
  const toml::node* const node = Find(key, true, "a section [" + key + "]");
  if (node == nullptr) return nullptr;
  if (node->as_table() == nullptr) Mistyped(key, "a section");
  return node->as_table();
}

std::vector<const toml::table*> TableReader::Tables(const std::string& key) {
  const toml::node* const node = Find(key, false, "");
  std::vector<const toml::table*> tables;
  if (node == nullptr) return tables;
  const toml::array* const array = node->as_array();
  for (size_t i = 0; array != nullptr && i < array->size(); ++i) {
    if (const toml::table* const table = array->get(i)->as_table()) tables.push_back(table);
  }
  if (array == nullptr || tables.size() != array->size()) {
    Mistyped(key, "a list of sections [[" + key + "]]");
  }
  return tables;
}

}  // namespace mutual::study
