#include "study/histogram_recipe.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "study/measure.h"

namespace mutual::study {
namespace {

class HistogramRecipe final : public Recipe {
 public:
  HistogramRecipe(Schema schema, HistogramSpec spec)
      : schema_(std::move(schema)), spec_(std::move(spec)) {
    for (size_t i = 0; i < spec_.measures.size(); ++i) bins_.push_back(BinNames(i).size());
  }

  uint64_t dimension() const override {
    uint64_t total = 1;
    for (const size_t bins : bins_) total *= bins;
    return total;
  }
  double member_bound() const override { return 1; }
  bool needs_model() const override { return false; }

  absl::Status MemberVector(const MemberRows& rows, std::span<double> out) const override {
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
    ResultTable table;
    for (const Measure& measure : spec_.measures) {
      table.title += (table.title.empty() ? "" : " by ") + measure.name;
      table.key_columns.push_back(measure.name);
    }
    double total = 0;
    for (size_t cell = 0; cell < sum.values.size(); ++cell) {
      ResultRow row;
      size_t rest = cell;
      for (size_t i = spec_.measures.size(); i-- > 0;) {
        row.keys.insert(row.keys.begin(), BinNames(i)[rest % bins_[i]]);
        rest /= bins_[i];
      }
      row.estimates.push_back({"members", sum.values[cell], sum.noise_stddev, ""});
      table.rows.push_back(row);
      total += sum.values[cell];
    }
    result.tables.push_back(table);
    result.sentences.push_back(absl::StrFormat("%s: about %.0f members counted (95%% sure within %.0f).",
                                               table.title, total,
                                               1.96 * sum.noise_stddev *
                                                   std::sqrt(static_cast<double>(dimension()))));
    AddQuantiles(sum, total, &result);
    return result;
  }

 private:
  std::vector<std::string> BinNames(size_t i) const {
    const std::vector<double>& edges = spec_.edges[i];
    if (edges.empty()) {
      return schema_.columns[static_cast<size_t>(schema_.Find(spec_.measures[i].numerator))]
          .categories;
    }
    std::vector<std::string> names;
    for (size_t b = 0; b + 1 < edges.size(); ++b) {
      names.push_back(absl::StrFormat("%.4g to %.4g", edges[b], edges[b + 1]));
    }
    return names;
  }

  size_t BinOf(size_t i, double x) const {
    const std::vector<double>& edges = spec_.edges[i];
    if (edges.empty()) return static_cast<size_t>(x);
    const auto above = std::upper_bound(edges.begin(), edges.end(), x);
    const auto bin = static_cast<size_t>(std::max<long>(0, above - edges.begin() - 1));
    return std::min(bin, bins_[i] - 1);
  }

  // Linear interpolation in the cumulative counts, negative counts read as zero. The error is that of the
  // cumulative count at the quantile (noise of the bins below, and sampling) over the local density.
  void AddQuantiles(const ReleasedSum& sum, double total, Result* result) const {
    if (spec_.quantiles.empty() || total < 10) return;
    ResultTable table;
    table.title = "quantiles of " + spec_.measures[0].name;
    table.key_columns = {"quantile"};
    const std::vector<double>& edges = spec_.edges[0];
    std::vector<double> counts = sum.values;
    double mass = 0;
    for (double& count : counts) mass += count = std::max(0.0, count);
    for (const double q : spec_.quantiles) {
      const double wanted = q * mass;
      double below = 0;
      size_t bin = 0;
      while (bin + 1 < counts.size() && below + counts[bin] < wanted) below += counts[bin++];
      const double inside = counts[bin] > 0 ? std::clamp((wanted - below) / counts[bin], 0.0, 1.0) : 0.5;
      const double width = edges[bin + 1] - edges[bin];
      const double value = edges[bin] + width * inside;
      const double noise = sum.noise_stddev * std::sqrt(static_cast<double>(bin + 1));
      const double rank_error = std::hypot(noise, std::sqrt(q * (1 - q) * mass));
      const double density = std::max(counts[bin], mass / static_cast<double>(counts.size()) / 4);
      const double error = std::min(width * rank_error / density, edges.back() - edges.front());
      table.rows.push_back({{absl::StrFormat("%g%%", 100 * q)},
                            {{"value", value, error, spec_.measures[0].unit}, {"bin width", width, 0, ""}}});
      result->sentences.push_back(absl::StrFormat(
          "%g%% of members have a %s below about %.4g.", 100 * q, spec_.measures[0].name, value));
    }
    result->tables.push_back(table);
  }

  Schema schema_;
  HistogramSpec spec_;
  std::vector<size_t> bins_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Recipe>> MakeHistogramRecipe(const Study& study) {
  return std::make_unique<HistogramRecipe>(study.schema, std::get<HistogramSpec>(study.recipe));
}

}  // namespace mutual::study
