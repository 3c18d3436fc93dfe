// What a study asks of the data: columns with bounds or categories, and one row in memory.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace mutual::study {

enum class ColumnType { kReal, kInteger, kCategory, kText, kImage };

struct Column {
  std::string name;
  ColumnType type = ColumnType::kReal;
  double lower = 0, upper = 0;          // real, integer: values are clamped into [lower, upper]
  std::vector<std::string> categories;  // category: the only values accepted
  std::string definition;               // what exactly is measured; shown to voters
  std::string unit;
  int line = 0;  // of the study file
  // text that the study may turn into words: so many numbers a row, hashed into `buckets` or looked
  // up (study/words.h). 0: the text is never read.
  int words = 0, buckets = 0;
  std::vector<std::string> vocabulary = {};
  int width = 0, height = 0, channels = 0;  // image
  size_t extra_at = 0;                      // where its words or pixels begin in a row's values
  // Words or pixels: numbers of a row besides the column's own.
  size_t extra_count() const {
    return static_cast<size_t>(words) + static_cast<size_t>(width * height * channels);
  }
};

struct Schema {
  std::vector<Column> columns;
  std::string member_column;  // identifies the member; never leaves the node; not in `columns`
  // Position of `name` in `columns`, or -1.
  int Find(const std::string& name) const;
  // Numbers of one row: one for each column, then the words and pixels of text and image columns.
  size_t row_width() const;
  // Sets extra_at of every column.
  void PlaceExtras();
};

// All rows of one member. values[r * columns + c]: the number, or the index of the category; 0 for
// a text or image that is there; NaN = missing. `columns` is Schema::row_width(): words (indexes, 0
// = none, the last word last) and pixels (0 to 1) stand at extra_at. The caller keeps the memory
// alive. No rows: an empty slot.
struct MemberRows {
  std::span<const double> values;
  size_t columns = 0;
  size_t row_count() const { return columns == 0 ? 0 : values.size() / columns; }
  double at(size_t row, size_t column) const { return values[row * columns + column]; }
};

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

}  // namespace mutual::study
