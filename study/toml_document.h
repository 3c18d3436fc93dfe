// A TOML text as plain values with line numbers. Internal to study/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"

namespace mutual::study {

enum class TomlKind { kText, kInteger, kReal, kDate, kArray, kTable, kOther };

// One value. Tables keep their fields in `items`, each with its `key`; arrays their elements.
struct TomlValue {
  TomlKind kind = TomlKind::kOther;
  int line = 1;  // of the key, or of an array's element
  std::string key;
  std::string text;
  int64_t integer = 0;
  double real = 0;  // also of an integer
  absl::CivilDay date;
  std::vector<TomlValue> items;

  // The field of this table, or null.
  const TomlValue* Find(const std::string& name) const;
};

struct TomlDocument {
  TomlValue root;
  std::string error;  // empty when the text is TOML
  int error_line = 0;
};

// TOML 1.0. Bytes that are not UTF-8 are an error of the text.
TomlDocument ParseToml(std::string_view text);

}  // namespace mutual::study
