#include "study/toml_document.h"

#include "base/toml.h"

namespace mutual::study {
namespace {

TomlValue Convert(const toml::node& node);

TomlValue ConvertTable(const toml::table& table) {
  TomlValue value;
  value.kind = TomlKind::kTable;
  for (const auto& [key, node] : table) {
    value.items.push_back(Convert(node));
    value.items.back().key = std::string(key.str());
    value.items.back().line = static_cast<int>(key.source().begin.line);
  }
  return value;
}

void ConvertScalar(const toml::node& node, TomlValue* value) {
  if (const auto* const text = node.as_string()) {
    value->kind = TomlKind::kText;
    value->text = text->get();
  } else if (const auto* const integer = node.as_integer()) {
    value->kind = TomlKind::kInteger;
    value->integer = integer->get();
    value->real = static_cast<double>(value->integer);
  } else if (const auto* const real = node.as_floating_point()) {
    value->kind = TomlKind::kReal;
    value->real = real->get();
  } else if (const auto* const date = node.as_date()) {
    value->kind = TomlKind::kDate;
    value->date = absl::CivilDay(date->get().year, date->get().month, date->get().day);
  }
}

TomlValue Convert(const toml::node& node) {
  TomlValue value;
  if (const toml::table* const table = node.as_table()) {
    value = ConvertTable(*table);
  } else if (const toml::array* const array = node.as_array()) {
    value.kind = TomlKind::kArray;
    for (const toml::node& item : *array) value.items.push_back(Convert(item));
  } else {
    ConvertScalar(node, &value);
  }
  value.line = static_cast<int>(node.source().begin.line);
  return value;
}

}  // namespace

const TomlValue* TomlValue::Find(const std::string& name) const {
  for (const TomlValue& item : items) {
    if (item.key == name) return &item;
  }
  return nullptr;
}

TomlDocument ParseToml(std::string_view text) {
  TomlDocument document;
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    document.error = std::string(parsed.error().description());
    document.error_line = static_cast<int>(parsed.error().source().begin.line);
    return document;
  }
  document.root = ConvertTable(parsed.table());
  return document;
}

}  // namespace mutual::study
