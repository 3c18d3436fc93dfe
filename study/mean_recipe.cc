#include "study/mean_recipe.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "study/figure.h"
#include "study/measure.h"
#include "study/release_rule.h"
#include "study/statistic.h"

namespace mutual::study {
namespace {

// Mean and variance of one measure in one group, in the measure's unit.
struct Moments {
  double mean, mean_error;  // noise and sampling
  double mean_noise;        // the noise's part
  double variance, variance_error;
};

class MeanRecipe final : public Statistic {
 public:
  explicit MeanRecipe(const Study& study)
      : Statistic(study),
        spec_(std::get<MeanSpec>(study.recipe)),
        by_(PositionOf(spec_.by)),
        names_(GroupNames(spec_.by)),
        groups_(names_.size()) {}

  uint64_t dimension() const override { return 3 * groups_ * spec_.measures.size(); }
  double member_bound() const override {
    return std::sqrt(static_cast<double>(3 * GroupsOfMember(groups_) * spec_.measures.size()));
  }

 private:
  void Fill(const MemberRows& rows, std::span<double> out) const override {
    size_t at = 0;
    for (size_t group = 0; group < groups_; ++group) {
      for (const Measure& measure : spec_.measures) {
        const double x = MemberValue(rows, schema(), measure, by_, static_cast<int>(group));
        if (!std::isnan(x)) {
          const double u = std::clamp((x - Middle(measure)) / Half(measure), -1.0, 1.0);
          out[at] = 1;
          out[at + 1] = u;
          out[at + 2] = u * u;
        }
        at += 3;
      }
    }
  }

  Result Read(const ReleasedSum& sum) const override {
    Result result;
    for (size_t j = 0; j < spec_.measures.size(); ++j) {
      ResultTable table;
      table.title = spec_.measures[j].name;
      table.key_columns = {by_ < 0 ? "group" : spec_.by};
      for (size_t group = 0; group < groups_; ++group) {
        const size_t at = 3 * (group * spec_.measures.size() + j);
        const std::span<const double> sums(sum.values.data() + at, 3);
        ResultRow row = RowOf(spec_.measures[j], sums, sum.noise_stddev);
        row.keys = {names_[group]};
        if (!IsCountReleasable(sums[0])) row.estimates[0].value = std::nan("");
        if (!IsFigureReleasable(sums[0], sum.noise_stddev)) {
          result.withheld.push_back({table.title, names_[group], ReasonOf(sums[0])});
        }
        result.sentences.push_back(Sentence(spec_.measures[j], row));
        table.rows.push_back(std::move(row));
      }
      result.tables.push_back(table);
    }
    return result;
  }

  static double Middle(const Measure& measure) { return (measure.lower + measure.upper) / 2; }
  static double Half(const Measure& measure) { return (measure.upper - measure.lower) / 2; }

  // With A = Σ1, B = Σu, D = Σu², each with noise σ, and n = A·q members behind them (delta
  // method): u = B/A has noise σ/A·√(1 + u²) and sampling error √(v/n); v = D/A − u² has noise
  // σ/A·√(1 + 4u² + (v − u²)²) and sampling error √((E(x − u)⁴ − v²)/n), where |x − u| <= 1 + |u|
  // bounds the fourth moment by (1 + |u|)²·v.
  Moments MomentsOf(const Measure& measure, std::span<const double> sums, double sigma) const {
    const double half = Half(measure), count = sums[0];
    const double u = std::clamp(sums[1] / count, -1.0, 1.0);
    const double v = std::clamp(sums[2] / count - u * u, 0.0, 1 - u * u);
    const double members = count * sampling_rate();
    const double noise = sigma / count * std::sqrt(1 + u * u);
    const double variance_noise =
        sigma / count * std::sqrt(1 + 4 * u * u + (v - u * u) * (v - u * u));
    const double fourth = std::max(v * v, (1 + std::abs(u)) * (1 + std::abs(u)) * v);
    Moments moments{};
    moments.mean = Middle(measure) + half * u;
    moments.mean_noise = half * noise;
    moments.mean_error = half * std::hypot(noise, std::sqrt(v / members));
    moments.variance = half * half * v;
    moments.variance_error =
        half * half * std::hypot(variance_noise, std::sqrt((fourth - v * v) / members));
    return moments;
  }

  ResultRow RowOf(const Measure& measure, std::span<const double> sums, double sigma) const {
    const double none = std::nan("");
    const double count = sums[0], count_error = CountError(count, sigma, sampling_rate());
    const Moments moments = IsFigureReleasable(count, sigma)
                                ? MomentsOf(measure, sums, sigma)
                                : Moments{none, none, none, none, none};
    const std::string squared = measure.unit.empty() ? "" : measure.unit + " squared";
    ResultRow row;
    row.estimates = {{"count", count, count_error, "members"},
                     {"mean", moments.mean, moments.mean_error, measure.unit},
                     {"variance", moments.variance, moments.variance_error, squared},
                     {"noise error of the mean", moments.mean_noise, 0, measure.unit}};
    return row;
  }

  static std::string Sentence(const Measure& measure, const ResultRow& row) {
    const std::string subject = measure.name + ", " + row.keys[0];
    const Estimate& mean = row.estimates[1];
    if (!std::isfinite(mean.value)) {
      return subject + ": withheld, because too few members are known to be behind it.";
    }
    const double error = 1.96 * mean.standard_error, noise = 1.96 * row.estimates[3].value;
    return absl::StrFormat("%s: on average %s (95%% sure within %s; privacy alone adds %s).",
                           subject, WithUnit(Readable(mean.value, error), measure.unit),
                           Readable(error, error), Readable(noise, error));
  }

  MeanSpec spec_;
  int by_;
  std::vector<std::string> names_;
  size_t groups_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Recipe>> MakeMeanRecipe(const Study& study) {
  return std::make_unique<MeanRecipe>(study);
}

}  // namespace mutual::study
