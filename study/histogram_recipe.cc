#include "study/histogram_recipe.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "study/figure.h"
#include "study/measure.h"
#include "study/quantile_table.h"
#include "study/release_rule.h"
#include "study/statistic.h"

namespace mutual::study {
namespace {

class HistogramRecipe final : public Statistic {
 public:
  explicit HistogramRecipe(const Study& study)
      : Statistic(study), spec_(std::get<HistogramSpec>(study.recipe)) {
    for (size_t i = 0; i < spec_.measures.size(); ++i) bins_.push_back(BinCount(i));
  }

  uint64_t dimension() const override {
    uint64_t total = 1;
    for (const uint64_t bins : bins_) total *= bins;
    return total;
  }
  double member_bound() const override { return 1; }

 private:
  void Fill(const MemberRows& rows, std::span<double> out) const override {
    size_t cell = 0;
    for (size_t i = 0; i < spec_.measures.size(); ++i) {
      const double x = MemberValue(rows, schema(), spec_.measures[i], -1, 0);
      if (std::isnan(x)) return;
      const std::vector<double>& edges = spec_.edges[i];
      cell = cell * bins_[i] + (edges.empty() ? static_cast<size_t>(x) : BinOf(edges, x));
    }
    out[cell] = 1;
  }

  Result Read(const ReleasedSum& sum) const override {
    Result result;
    AddCounts(sum, &result);
    double total = 0;
    for (const double count : sum.values) total += count;
    const double error =
        1.96 * CountError(total, sum.noise_stddev * std::sqrt(static_cast<double>(dimension())),
                          sampling_rate());
    result.sentences.push_back(absl::StrFormat(
        "%s: about %s members counted (95%% sure within %s).", result.tables[0].title,
        Readable(std::max(0.0, total), std::max(10.0, error)),
        Readable(error, std::max(10.0, error))));
    if (!spec_.quantiles.empty()) AddQuantileTable(sum, &result);
    return result;
  }

  const Column& CategoryOf(size_t i) const {
    return schema().columns[static_cast<size_t>(PositionOf(spec_.measures[i].numerator))];
  }

  uint64_t BinCount(size_t i) const {
    return spec_.edges[i].empty() ? CategoryOf(i).categories.size() : spec_.edges[i].size() - 1;
  }

  void AddCounts(const ReleasedSum& sum, Result* result) const {
    ResultTable table;
    std::vector<std::vector<std::string>> names;
    for (size_t i = 0; i < spec_.measures.size(); ++i) {
      const Measure& measure = spec_.measures[i];
      table.title += (i == 0 ? "" : " by ") + measure.name;
      table.key_columns.push_back(measure.name);
      names.push_back(spec_.edges[i].empty() ? CategoryOf(i).categories : BinNames(spec_.edges[i]));
    }
    for (size_t cell = 0; cell < sum.values.size(); ++cell) {
      ResultRow row;
      row.keys.push_back(names[0][cell / (names.size() > 1 ? bins_[1] : 1)]);
      if (names.size() > 1) row.keys.push_back(names[1][cell % bins_[1]]);
      const double count = sum.values[cell];
      row.estimates = {
          {"members", count, CountError(count, sum.noise_stddev, sampling_rate()), ""}};
      if (!IsCountReleasable(count)) Withhold(kTooFew, table.title, &row, result);
      table.rows.push_back(std::move(row));
    }
    result->tables.push_back(std::move(table));
  }

  void AddQuantileTable(const ReleasedSum& sum, Result* result) const {
    ResultTable table;
    table.title = "quantiles of " + spec_.measures[0].name;
    table.key_columns = {"quantile"};
    AddQuantiles({spec_.edges[0], sum.values, sum.noise_stddev, sampling_rate()},
                 {spec_.measures[0], spec_.quantiles, ""}, &table, result);
    if (!table.rows.empty()) result->tables.push_back(table);
  }

  HistogramSpec spec_;
  std::vector<uint64_t> bins_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Recipe>> MakeHistogramRecipe(const Study& study) {
  return std::make_unique<HistogramRecipe>(study);
}

}  // namespace mutual::study
