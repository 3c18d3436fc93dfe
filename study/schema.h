// What a study asks of the data: columns with bounds or categories, and one row in memory.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace mutual::study {

enum class ColumnType { kReal, kInteger, kCategory, kText };

struct Column {
  std::string name;
  ColumnType type = ColumnType::kReal;
  double lower = 0, upper = 0;          // real, integer: values are clamped into [lower, upper]
  std::vector<std::string> categories;  // category: the only values accepted
  std::string definition;               // what exactly is measured; shown to voters
  std::string unit;
  int line = 0;  // of the study file
};

struct Schema {
  std::vector<Column> columns;
  std::string member_column;  // identifies the member; never leaves the node; not in `columns`
  // Position of `name` in `columns`, or -1.
  int Find(const std::string& name) const;
};

// All rows of one member. values[r * columns + c]: the number, or the index of the category;
// NaN = missing. The caller keeps the memory alive. No rows: an empty slot.
struct MemberRows {
  std::span<const double> values;
  size_t columns = 0;
  size_t row_count() const { return columns == 0 ? 0 : values.size() / columns; }
  double at(size_t row, size_t column) const { return values[row * columns + column]; }
};

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

}  // namespace mutual::study
