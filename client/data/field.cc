#include "client/data/field.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/status.h"

namespace mutual::client {

std::string Latin1ToUtf8(const std::string& text) {
  std::string utf8;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      utf8 += c;
    } else {
      utf8 += static_cast<char>(0xC0 | byte >> 6);
      utf8 += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return utf8;
}

std::string Trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool IsMissing(const TableConfig& config, const std::string& text) {
  return std::find(config.missing.begin(), config.missing.end(), text) != config.missing.end();
}

namespace {

absl::StatusOr<double> ReadCategory(const TableConfig& config, const study::Column& column,
                                    const std::string& text) {
  std::string category = text;
  if (const auto map = config.categories.find(column.name); map != config.categories.end()) {
    if (const auto found = map->second.find(text); found != map->second.end()) {
      category = found->second;
    }
  }
  const auto found = std::find(column.categories.begin(), column.categories.end(), category);
  if (found != column.categories.end()) {
    return static_cast<double>(found - column.categories.begin());
  }
  if (IsMissing(config, text)) return study::kMissing;
  return InvalidArgument("column \"%s\" holds a category that the study does not list",
                         column.name);
}

}  // namespace

absl::StatusOr<double> ReadField(const TableConfig& config, const study::Column& column,
                                 const std::string& text) {
  if (column.type == study::ColumnType::kCategory) return ReadCategory(config, column, text);
  if (IsMissing(config, text) || column.type == study::ColumnType::kText) return study::kMissing;
  std::string number = text;
  if (config.decimal == ',') std::replace(number.begin(), number.end(), ',', '.');
  if (!number.empty() && number[0] == '+') number.erase(0, 1);
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (number.empty() || error != std::errc() || end != number.data() + number.size() ||
      !std::isfinite(value)) {
    return InvalidArgument("column \"%s\" is not a number", column.name);
  }
  if (column.type == study::ColumnType::kInteger && value != std::floor(value)) {
    return InvalidArgument("column \"%s\" is not a whole number", column.name);
  }
  return std::clamp(value, column.lower, column.upper);
}

}  // namespace mutual::client
