#include <algorithm>
#include <cmath>

#include "study/measure.h"
#include "study/regression_kinds.h"

namespace mutual::study {

FeatureCells::FeatureCells(const Schema& schema, const RegressionSpec& spec)
    : columns_(schema.columns.size()) {
  for (size_t i = 0; i < spec.features.size(); ++i) {
    const auto position = static_cast<size_t>(FeatureMap::ColumnOf(schema, spec.features[i]));
    const Column& column = schema.columns[position];
    Axis axis{position, {}, column.categories.size()};
    if (column.type != ColumnType::kCategory) {
      axis.bins = static_cast<size_t>(spec.bins[i]);
      for (size_t b = 0; b <= axis.bins; ++b) {
        axis.edges.push_back(column.lower + (column.upper - column.lower) * static_cast<double>(b) /
                                                static_cast<double>(axis.bins));
      }
    }
    size_ *= axis.bins;
    axes_.push_back(std::move(axis));
  }
}

size_t FeatureCells::CellOf(const MemberRows& rows, size_t row) const {
  size_t cell = 0;
  for (const Axis& axis : axes_) {
    const double value = rows.at(row, axis.column);
    const bool category = axis.edges.empty();
    if (std::isnan(value)) return size_;
    if (category && !(value >= 0 && value < static_cast<double>(axis.bins))) return size_;
    cell = cell * axis.bins + (category ? static_cast<size_t>(value) : BinOf(axis.edges, value));
  }
  return cell;
}

std::vector<double> FeatureCells::Middle(size_t cell) const {
  std::vector<double> row(columns_, kMissing);
  for (size_t i = axes_.size(); i-- > 0;) {
    const Axis& axis = axes_[i];
    const size_t bin = cell % axis.bins;
    cell /= axis.bins;
    row[axis.column] =
        axis.edges.empty() ? static_cast<double>(bin) : (axis.edges[bin] + axis.edges[bin + 1]) / 2;
  }
  return row;
}

}  // namespace mutual::study
