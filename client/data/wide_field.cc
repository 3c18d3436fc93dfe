#include "client/data/wide_field.h"

#include <algorithm>
#include <charconv>

#include "base/status.h"
#include "client/data/field.h"
#include "client/data/image_file.h"
#include "study/words.h"

namespace mutual::client {
namespace {

double Missing(const study::Column& column, std::vector<double>* extras) {
  extras->insert(extras->end(), column.extra_count(), 0.0);
  return study::kMissing;
}

}  // namespace

absl::StatusOr<double> ReadWideField(const TableConfig& config, const study::Column& column,
                                     const std::string& text, std::vector<double>* extras) {
  if (IsMissing(config, text)) return Missing(column, extras);
  if (column.type == study::ColumnType::kText) {
    const std::vector<double> indexes = study::WordIndexes(column, text);
    extras->insert(extras->end(), indexes.begin(), indexes.end());
    return 0.0;
  }
  const auto folder = std::filesystem::path(config.file).parent_path();
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<uint8_t> pixels, ReadImage(folder, column, text));
  for (const uint8_t pixel : pixels) extras->push_back(pixel / 255.0);
  return 0.0;
}

absl::StatusOr<double> ReadPixels(const TableConfig& config, const study::Column& column,
                                  const std::string& text, std::vector<double>* extras) {
  std::vector<double> pixels;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const char* const blank = std::find(at, end, ' ');
    double value = 0;
    const auto [stop, error] = std::from_chars(at, blank, value);
    if (IsMissing(config, std::string(at, blank))) return Missing(column, extras);
    if (error != std::errc() || stop != blank || !(value >= 0 && value <= 255)) {
      return InvalidArgument("column \"%s\" has a pixel that is no number from 0 to 255",
                             column.name);
    }
    pixels.push_back(value / 255);
    at = blank == end ? end : blank + 1;
  }
  if (pixels.size() != column.extra_count()) {
    return InvalidArgument("column \"%s\" lacks a pixel", column.name);
  }
  extras->insert(extras->end(), pixels.begin(), pixels.end());
  return 0.0;
}

}  // namespace mutual::client
