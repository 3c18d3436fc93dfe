#include "study/measure.h"

#include <algorithm>
#include <cmath>

#include "study/figure.h"

namespace mutual::study {
namespace {

bool Selected(const MemberRows& rows, size_t row, int by, int category) {
  return by < 0 || rows.at(row, static_cast<size_t>(by)) == category;
}

double MostFrequent(const MemberRows& rows, size_t column, size_t categories) {
  std::vector<int> counts(categories, 0);
  int best = -1;
  for (size_t row = 0; row < rows.row_count(); ++row) {
    const double value = rows.at(row, column);
    if (!(value >= 0 && value < static_cast<double>(categories))) continue;
    const int index = static_cast<int>(value);
    ++counts[static_cast<size_t>(index)];
    if (best < 0 || counts[static_cast<size_t>(index)] > counts[static_cast<size_t>(best)]) {
      best = index;
    }
  }
  return best < 0 ? kMissing : best;
}

}  // namespace

double MemberValue(const MemberRows& rows, const Schema& schema, const Measure& measure, int by,
                   int category) {
  const auto numerator = static_cast<size_t>(schema.Find(measure.numerator));
  const Column& column = schema.columns[numerator];
  if (column.type == ColumnType::kCategory) {
    return MostFrequent(rows, numerator, column.categories.size());
  }
  const int denominator = measure.denominator.empty() ? -1 : schema.Find(measure.denominator);
  double sum = 0, weight = 0;
  for (size_t row = 0; row < rows.row_count(); ++row) {
    if (!Selected(rows, row, by, category)) continue;
    const double a = rows.at(row, numerator);
    const double b = denominator < 0 ? 1.0 : rows.at(row, static_cast<size_t>(denominator));
    if (!std::isfinite(a) || !std::isfinite(b)) continue;
    sum += a;
    weight += b;
  }
  const double value = measure.factor * sum / weight;
  return weight == 0 || !std::isfinite(value) ? kMissing
                                              : std::clamp(value, measure.lower, measure.upper);
}

int MemberCategory(const MemberRows& rows, const Schema& schema, const std::string& column) {
  const auto position = static_cast<size_t>(schema.Find(column));
  const double category = MostFrequent(rows, position, schema.columns[position].categories.size());
  return std::isnan(category) ? -1 : static_cast<int>(category);
}

std::vector<double> MemberRecord(const MemberRows& rows, const Schema& schema) {
  std::vector<double> record;
  for (const Column& column : schema.columns) {
    const Measure measure{column.name, column.name, "", column.lower, column.upper, "", 1};
    record.push_back(column.type == ColumnType::kText || column.type == ColumnType::kImage ? kMissing
                                                      : MemberValue(rows, schema, measure, -1, 0));
  }
  return record;
}

size_t BinOf(const std::vector<double>& edges, double x) {
  const auto above = std::upper_bound(edges.begin(), edges.end(), x);
  const auto bin = static_cast<size_t>(std::max<long>(0, above - edges.begin() - 1));
  return std::min(bin, edges.size() - 2);
}

std::vector<std::string> BinNames(const std::vector<double>& edges) {
  std::vector<std::string> names;
  for (size_t b = 0; b + 1 < edges.size(); ++b) {
    const bool whole = edges[b] == std::floor(edges[b]) && edges[b + 1] == std::floor(edges[b + 1]);
    const double digits = whole ? 10 : edges[b + 1] - edges[b];
    names.push_back(Readable(edges[b], digits) + " to " + Readable(edges[b + 1], digits));
  }
  return names;
}

MemberRows FirstRows(const MemberRows& rows, int max_rows) {
  const size_t most = static_cast<size_t>(std::max(0, max_rows)) * rows.columns;
  return {rows.values.first(std::min(rows.row_count() * rows.columns, most)), rows.columns};
}

double CountError(double count, double noise_stddev, double sampling_rate) {
  const double sampling = std::max(0.0, count) * (1 - sampling_rate) / sampling_rate;
  return std::sqrt(noise_stddev * noise_stddev + sampling);
}

}  // namespace mutual::study
