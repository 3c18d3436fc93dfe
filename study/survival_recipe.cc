#include "study/survival_recipe.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "study/figure.h"
#include "study/measure.h"
#include "study/release_rule.h"
#include "study/statistic.h"

namespace mutual::study {
namespace {

// One interval of a group's life table.
struct Interval {
  double at_risk, at_risk_noise;
  double hazard, hazard_error;
  double log_survival, log_error;  // at the interval's end
};

class SurvivalRecipe final : public Statistic {
 public:
  explicit SurvivalRecipe(const Study& study)
      : Statistic(study),
        spec_(std::get<SurvivalSpec>(study.recipe)),
        names_(GroupNames(spec_.by)),
        intervals_(static_cast<size_t>(spec_.intervals)) {
    const Column& time = schema().columns[static_cast<size_t>(PositionOf(spec_.time))];
    unit_ = time.unit;
    for (size_t i = 0; i <= intervals_; ++i) {
      edges_.push_back(time.lower + (time.upper - time.lower) * static_cast<double>(i) /
                                        static_cast<double>(intervals_));
    }
  }

  uint64_t dimension() const override { return names_.size() * intervals_ * 2; }
  double member_bound() const override { return 1; }

 private:
  void Fill(const MemberRows& rows, std::span<double> out) const override {
    const Measure time{spec_.time, spec_.time, "", edges_.front(), edges_.back(), unit_, 1};
    const double x = MemberValue(rows, schema(), time, -1, 0);
    const int group = spec_.by.empty() ? 0 : MemberCategory(rows, schema(), spec_.by);
    const int event = MemberCategory(rows, schema(), spec_.event);
    if (std::isnan(x) || group < 0 || event < 0) return;
    const Column& column = schema().columns[static_cast<size_t>(PositionOf(spec_.event))];
    const bool happened = column.categories[static_cast<size_t>(event)] == spec_.event_class;
    const size_t cell = static_cast<size_t>(group) * intervals_ + BinOf(edges_, x);
    out[2 * cell + (happened ? 0 : 1)] = 1;
  }

  // d_j events and c_j ends without one in interval j; n_j = Σ_{k>=j} d_k + c_k at risk; hazard
  // h_j = d_j/n_j; ln S_j = Σ_{i<=j} ln(1 − h_i). Slopes of ln S: −1/(n_i − d_i) by d_i beside
  // h_i/(n_i − d_i) by n_i, which every later count adds to. Noise: σ²·Σ slope². Sampling:
  // Greenwood's Σ h/(n − d), over q.
  std::vector<Interval> LifeTable(std::span<const double> counts, const ReleasedSum& sum) const {
    std::vector<double> at_risk(intervals_ + 1, 0.0);
    for (size_t j = intervals_; j-- > 0;) {
      at_risk[j] = at_risk[j + 1] + counts[2 * j] + counts[2 * j + 1];
    }
    std::vector<Interval> table;
    double log_survival = 0, greenwood = 0, later = 0, fixed = 0;
    for (size_t j = 0; j < intervals_; ++j) {
      const double n = at_risk[j], d = counts[2 * j];
      const double h = d / n, sigma = sum.noise_stddev;
      const auto behind = static_cast<double>(2 * (intervals_ - j));  // counts in n_j
      // Interval j: events have slope later + h/(n − d) − 1/(n − d), the others later + h/(n − d),
      // and so have, up to now, all later counts.
      later += h / (n - d);
      log_survival += std::log1p(-h);
      greenwood += std::max(0.0, h) / (n - d) / sampling_rate();
      const double event_slope = later - 1 / (n - d);
      const double noise = fixed + event_slope * event_slope + (behind - 1) * later * later;
      fixed += event_slope * event_slope + later * later;
      const double hazard_noise = sigma / n * std::sqrt((1 - h) * (1 - h) + (behind - 1) * h * h);
      const double hazard_sampling = std::max(0.0, h * (1 - h)) / (n * sampling_rate());
      table.push_back({n, sigma * std::sqrt(behind), h,
                       std::sqrt(hazard_noise * hazard_noise + hazard_sampling), log_survival,
                       std::sqrt(sigma * sigma * noise + greenwood)});
    }
    return table;
  }

  // The curve itself with its interval, on the scale ln(−ln S), where it stays between 0 and 1.
  ResultRow RowOf(size_t group, size_t j, const Interval& interval) const {
    const double survival = std::clamp(std::exp(interval.log_survival), 0.0, 1.0);
    double low = std::exp(interval.log_survival - kTwoSided * interval.log_error), high = 1;
    if (interval.log_survival < 0) {
      const double spread = std::exp(kTwoSided * interval.log_error / -interval.log_survival);
      low = std::exp(interval.log_survival * spread);
      high = std::exp(interval.log_survival / spread);
    }
    ResultRow row;
    if (!spec_.by.empty()) row.keys.push_back(names_[group]);
    row.keys.push_back(BinNames(edges_)[j]);
    row.estimates = {{"at risk", interval.at_risk, interval.at_risk_noise, ""},
                     {"hazard", interval.hazard, interval.hazard_error, ""},
                     {"survival", survival, survival * interval.log_error, ""},
                     {"95% low", std::min(1.0, low), 0, ""},
                     {"95% high", high, 0, ""}};
    return row;
  }

  Result Read(const ReleasedSum& sum) const override {
    Result result;
    ResultTable table{"survival until " + spec_.event_class, {}, {}};
    if (!spec_.by.empty()) table.key_columns.push_back(spec_.by);
    table.key_columns.push_back(spec_.time);
    for (size_t group = 0; group < names_.size(); ++group) {
      const std::span<const double> counts(sum.values.data() + group * intervals_ * 2,
                                           intervals_ * 2);
      const std::vector<Interval> life = LifeTable(counts, sum);
      size_t known = 0;
      while (known < life.size() &&
             IsFigureReleasable(life[known].at_risk, life[known].at_risk_noise) &&
             life[known].hazard < 1) {
        ++known;
      }
      for (size_t j = 0; j < life.size(); ++j) {
        ResultRow row = RowOf(group, j, life[j]);
        // Once too few are at risk, all that follows rests on them.
        if (j >= known) Withhold(ReasonOf(life[j].at_risk), table.title, &row, &result);
        table.rows.push_back(std::move(row));
      }
      result.sentences.push_back(Sentence(group, life, known));
    }
    result.tables.push_back(std::move(table));
    return result;
  }

  std::string Sentence(size_t group, const std::vector<Interval>& life, size_t known) const {
    const std::string who = spec_.by.empty() ? "" : names_[group] + ": ";
    if (known == 0) return who + "survival is withheld: too few members are known to be counted.";
    const Interval& last = life[known - 1];
    const double share = 100 * std::clamp(std::exp(last.log_survival), 0.0, 1.0);
    const double error = kTwoSided * share * last.log_error;
    return absl::StrFormat(
        "%sof 100 members, about %s have not met \"%s\" by %s (95%% sure within "
        "%s).",
        who, Readable(share, error / kTwoSided), spec_.event_class,
        WithUnit(Readable(edges_[known], 10), unit_), Readable(error, error));
  }

  SurvivalSpec spec_;
  std::vector<std::string> names_;
  size_t intervals_;
  std::vector<double> edges_;
  std::string unit_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Recipe>> MakeSurvivalRecipe(const Study& study) {
  return std::make_unique<SurvivalRecipe>(study);
}

}  // namespace mutual::study
