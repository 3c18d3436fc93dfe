#include "study/schema.h"

namespace mutual::study {

int Schema::Find(const std::string& name) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

size_t Schema::row_width() const {
  size_t width = columns.size();
  for (const Column& column : columns) width += column.extra_count();
  return width;
}

void Schema::PlaceExtras() {
  size_t at = columns.size();
  for (Column& column : columns) {
    column.extra_at = at;
    at += column.extra_count();
  }
}

}  // namespace mutual::study
