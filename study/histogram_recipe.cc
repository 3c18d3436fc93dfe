#include "study/histogram_recipe.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "study/figure.h"
#include "study/measure.h"
#include "study/quantile.h"

namespace mutual::study {
namespace {

class HistogramRecipe final : public Recipe {
 public:
  explicit HistogramRecipe(const Study& study)
      : schema_(study.schema),
        spec_(std::get<HistogramSpec>(study.recipe)),
        max_rows_(study.privacy.max_rows),
        sampling_rate_(study.privacy.sampling_rate) {
    for (size_t i = 0; i < spec_.measures.size(); ++i) bins_.push_back(BinCount(i));
  }

  uint64_t dimension() const override {
    uint64_t total = 1;
    for (const uint64_t bins : bins_) total *= bins;
    return total;
  }
  double member_bound() const override { return 1; }
  bool needs_model() const override { return false; }

  absl::Status MemberVector(const MemberRows& all_rows, std::span<double> out) const override {
    const MemberRows rows = FirstRows(all_rows, max_rows_);
    std::fill(out.begin(), out.end(), 0.0);
    size_t cell = 0;
    for (size_t i = 0; i < spec_.measures.size(); ++i) {
      const double x = MemberValue(rows, schema_, spec_.measures[i], -1, 0);
      if (std::isnan(x)) return absl::OkStatus();
      cell = cell * bins_[i] + BinOf(i, x);
    }
    out[cell] = 1;
    return absl::OkStatus();
  }

  absl::StatusOr<Result> Finish(const ReleasedSum& sum) const override {
    if (sum.values.size() != dimension()) {
      return Internal("histogram got %d values, want %d", sum.values.size(), dimension());
    }
    Result result;
    result.tables.push_back(Counts(sum));
    double total = 0;
    for (const double count : sum.values) total += count;
    const double error =
        1.96 * CountError(total, sum.noise_stddev * std::sqrt(static_cast<double>(dimension())),
                          sampling_rate_);
    result.sentences.push_back(absl::StrFormat(
        "%s: about %s members counted (95%% sure within %s).", result.tables[0].title,
        Readable(std::max(0.0, total), std::max(10.0, error)),
        Readable(error, std::max(10.0, error))));
    if (!spec_.quantiles.empty()) AddQuantiles(sum, &result);
    return result;
  }

 private:
  const Column& CategoryOf(size_t i) const {
    return schema_.columns[static_cast<size_t>(schema_.Find(spec_.measures[i].numerator))];
  }

  uint64_t BinCount(size_t i) const {
    return spec_.edges[i].empty() ? CategoryOf(i).categories.size() : spec_.edges[i].size() - 1;
  }

  // "10 to 12", with the digits that tell neighbours apart.
  std::vector<std::string> BinNames(size_t i) const {
    const std::vector<double>& edges = spec_.edges[i];
    if (edges.empty()) return CategoryOf(i).categories;
    std::vector<std::string> names;
    for (size_t b = 0; b + 1 < edges.size(); ++b) {
      const double width = edges[b + 1] - edges[b];
      const bool whole =
          edges[b] == std::floor(edges[b]) && edges[b + 1] == std::floor(edges[b + 1]);
      const double digits = whole ? 10 : width;
      names.push_back(Readable(edges[b], digits) + " to " + Readable(edges[b + 1], digits));
    }
    return names;
  }

  size_t BinOf(size_t i, double x) const {
    const std::vector<double>& edges = spec_.edges[i];
    if (edges.empty()) return static_cast<size_t>(x);
    const auto above = std::upper_bound(edges.begin(), edges.end(), x);
    const auto bin = static_cast<size_t>(std::max<long>(0, above - edges.begin() - 1));
    return std::min<size_t>(bin, bins_[i] - 1);
  }

  ResultTable Counts(const ReleasedSum& sum) const {
    ResultTable table;
    std::vector<std::vector<std::string>> names;
    for (size_t i = 0; i < spec_.measures.size(); ++i) {
      const Measure& measure = spec_.measures[i];
      table.title += (i == 0 ? "" : " by ") + measure.name;
      table.key_columns.push_back(measure.name);
      names.push_back(BinNames(i));
    }
    for (size_t cell = 0; cell < sum.values.size(); ++cell) {
      ResultRow row;
      const double count = sum.values[cell];
      row.keys.push_back(names[0][cell / (names.size() > 1 ? bins_[1] : 1)]);
      if (names.size() > 1) row.keys.push_back(names[1][cell % bins_[1]]);
      row.estimates = {{"members", count, CountError(count, sum.noise_stddev, sampling_rate_), ""}};
      table.rows.push_back(std::move(row));
    }
    return table;
  }

  void AddQuantiles(const ReleasedSum& sum, Result* result) const {
    const Measure& measure = spec_.measures[0];
    const std::vector<Quantile> quantiles = QuantilesOf(
        {spec_.edges[0], sum.values, sum.noise_stddev, sampling_rate_}, spec_.quantiles);
    if (quantiles.empty()) {
      result->sentences.push_back(
          measure.name +
          ": quantiles are withheld, because too few members are known to be counted.");
      return;
    }
    ResultTable table;
    table.title = "quantiles of " + measure.name;
    table.key_columns = {"quantile"};
    for (size_t i = 0; i < quantiles.size(); ++i) {
      const Quantile& quantile = quantiles[i];
      const double error = (quantile.high - quantile.low) / (2 * 1.96);
      const std::string share = absl::StrFormat("%g%%", 100 * spec_.quantiles[i]);
      table.rows.push_back({{share},
                            {{"value", quantile.value, error, measure.unit},
                             {"95% low", quantile.low, 0, measure.unit},
                             {"95% high", quantile.high, 0, measure.unit},
                             {"bin width", quantile.bin_width, 0, measure.unit}}});
      result->sentences.push_back(
          absl::StrFormat("%s of members have a %s below about %s (95%% sure: %s to %s).", share,
                          measure.name, WithUnit(Readable(quantile.value, error), measure.unit),
                          Readable(quantile.low, error), Readable(quantile.high, error)));
    }
    result->tables.push_back(table);
  }

  Schema schema_;
  HistogramSpec spec_;
  int max_rows_;
  double sampling_rate_;
  std::vector<uint64_t> bins_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Recipe>> MakeHistogramRecipe(const Study& study) {
  return std::make_unique<HistogramRecipe>(study);
}

}  // namespace mutual::study
