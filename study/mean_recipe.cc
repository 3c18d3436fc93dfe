#include "study/mean_recipe.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "study/measure.h"

namespace mutual::study {
namespace {

constexpr double kLeastCount = 10;  // below this noisy count a mean says nothing and is withheld

class MeanRecipe final : public Recipe {
 public:
  MeanRecipe(Schema schema, MeanSpec spec) : schema_(std::move(schema)), spec_(std::move(spec)) {
    by_ = spec_.by.empty() ? -1 : schema_.Find(spec_.by);
    groups_ = by_ < 0 ? 1 : schema_.columns[static_cast<size_t>(by_)].categories.size();
  }

  uint64_t dimension() const override { return 3 * groups_ * spec_.measures.size(); }
  double member_bound() const override { return std::sqrt(static_cast<double>(dimension())); }
  bool needs_model() const override { return false; }

  absl::Status MemberVector(const MemberRows& rows, std::span<double> out) const override {
    std::fill(out.begin(), out.end(), 0.0);
    size_t at = 0;
    for (size_t group = 0; group < groups_; ++group) {
      for (const Measure& measure : spec_.measures) {
        const double x = MemberValue(rows, schema_, measure, by_, static_cast<int>(group));
        if (!std::isnan(x)) {
          const double u = std::clamp((x - Middle(measure)) / Half(measure), -1.0, 1.0);
          out[at] = 1;
          out[at + 1] = u;
          out[at + 2] = u * u;
        }
        at += 3;
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Result> Finish(const ReleasedSum& sum) const override {
    if (sum.values.size() != dimension()) {
      return Internal("mean got %d values, want %d", sum.values.size(), dimension());
    }
    Result result;
    for (size_t j = 0; j < spec_.measures.size(); ++j) {
      ResultTable table;
      table.title = spec_.measures[j].name;
      table.key_columns = {by_ < 0 ? "group" : spec_.by};
      for (size_t group = 0; group < groups_; ++group) {
        const size_t at = 3 * (group * spec_.measures.size() + j);
        AddRow(sum, spec_.measures[j], at, GroupName(group), &table, &result.sentences);
      }
      result.tables.push_back(table);
    }
    return result;
  }

 private:
  static double Middle(const Measure& measure) { return (measure.lower + measure.upper) / 2; }
  static double Half(const Measure& measure) { return (measure.upper - measure.lower) / 2; }

  std::string GroupName(size_t group) const {
    return by_ < 0 ? "all members" : schema_.columns[static_cast<size_t>(by_)].categories[group];
  }

  // mean = mid + half·B/A with A = Σ1, B = Σu; by the delta method its noise has standard deviation
  // half·σ/A·√(1 + (B/A)²), and sampling adds √(variance/A).
  void AddRow(const ReleasedSum& sum, const Measure& measure, size_t at, const std::string& group,
              ResultTable* table, std::vector<std::string>* sentences) const {
    const double count = sum.values[at];
    const double sigma = sum.noise_stddev;
    const double u = sum.values[at + 1] / count;
    const double half = Half(measure);
    const double variance_u = sum.values[at + 2] / count - u * u;
    const double mean = Middle(measure) + half * u;
    const double variance = std::max(0.0, half * half * variance_u);
    const double noise = half * sigma / count * std::sqrt(1 + u * u);
    const double sampling = std::sqrt(variance / count);
    const double error = std::hypot(noise, sampling);
    const double variance_noise =
        half * half * sigma / count * std::sqrt(1 + 4 * u * u + std::pow(variance_u - u * u, 2));
    ResultRow row;
    row.keys = {group};
    row.estimates.push_back({"count", count, sigma, "members"});
    if (count < kLeastCount || count < 3 * sigma) {
      const double none = std::nan("");
      row.estimates.push_back({"mean", none, none, measure.unit});
      row.estimates.push_back({"variance", none, none, ""});
      row.estimates.push_back({"privacy error", none, none, measure.unit});
      sentences->push_back(absl::StrFormat(
          "%s, %s: withheld, because too few members are known to be behind it.", measure.name,
          group));
    } else {
      row.estimates.push_back({"mean", mean, error, measure.unit});
      row.estimates.push_back({"variance", variance, variance_noise, ""});
      row.estimates.push_back({"privacy error", noise, 0, measure.unit});
      sentences->push_back(absl::StrFormat(
          "%s, %s: on average %.4g%s%s (95%% sure within %.2g; privacy adds %.2g of that).",
          measure.name, group, mean, measure.unit.empty() ? "" : " ", measure.unit, 1.96 * error,
          1.96 * noise));
    }
    table->rows.push_back(row);
  }

  Schema schema_;
  MeanSpec spec_;
  int by_ = -1;
  uint64_t groups_ = 1;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Recipe>> MakeMeanRecipe(const Study& study) {
  return std::make_unique<MeanRecipe>(study.schema, std::get<MeanSpec>(study.recipe));
}

}  // namespace mutual::study
