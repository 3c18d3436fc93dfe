#include "study/change_recipe.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "study/figure.h"
#include "study/measure.h"
#include "study/release_rule.h"
#include "study/statistic.h"

namespace mutual::study {
namespace {

constexpr size_t kNumbers = 4;  // kept, lost, u, ½u²

struct Change {
  double count, count_noise;
  double mean, mean_noise, mean_error;
  double lost, lost_error;
  bool is_known, is_share_known;
};

class ChangeRecipe final : public Statistic {
 public:
  explicit ChangeRecipe(const Study& study)
      : Statistic(study), spec_(std::get<ChangeSpec>(study.recipe)), names_(GroupNames(spec_.by)) {}

  uint64_t dimension() const override { return kNumbers * names_.size(); }
  double member_bound() const override { return 1.5; }

 private:
  void Fill(const MemberRows& rows, std::span<double> out) const override {
    const int period = PositionOf(spec_.period);
    const double before = MemberValue(rows, schema(), spec_.measure, period, 0);
    const double after = MemberValue(rows, schema(), spec_.measure, period, 1);
    const int group = spec_.by.empty() ? 0 : MemberCategory(rows, schema(), spec_.by);
    if (std::isnan(before) || std::isnan(after) || group < 0) return;
    const double change = after - before;
    const bool lost = (spec_.loss_is_increase ? change : -change) > spec_.tolerance;
    const double u = std::clamp(change / spec_.largest_change, -1.0, 1.0);
    const std::span<double> own = out.subspan(kNumbers * static_cast<size_t>(group), kNumbers);
    own[lost ? 1 : 0] = 1;
    own[2] = u;
    own[3] = u * u / 2;
  }

  // With K kept, L lost, n = K + L and U = Σu: mean ū = U/n has noise σ/n·√(1 + 2ū²) and sampling
  // error √(v/(n·q)), v = Σu²/n − ū². The share L/n = p has noise σ/n·√((1 − p)² + p²) and sampling
  // error √(p(1 − p)/(n·q)).
  Change ChangeOf(std::span<const double> own, double sigma) const {
    const double n = own[0] + own[1], u = own[2] / n, p = own[1] / n;
    const double noise = sigma / n * std::sqrt(1 + 2 * u * u);
    const double v = std::clamp(2 * own[3] / n - u * u, 0.0, 1.0);
    const double share_noise = sigma / n * std::sqrt((1 - p) * (1 - p) + p * p);
    const double members = n * sampling_rate();
    Change change{};
    change.count = n;
    change.count_noise = sigma * std::sqrt(2.0);
    change.mean = spec_.largest_change * u;
    change.mean_noise = spec_.largest_change * noise;
    change.mean_error = spec_.largest_change * std::hypot(noise, std::sqrt(v / members));
    change.lost = std::clamp(p, 0.0, 1.0);
    change.lost_error = std::hypot(share_noise, std::sqrt(std::max(0.0, p * (1 - p)) / members));
    change.is_known = IsFigureReleasable(n, change.count_noise);
    change.is_share_known =
        change.is_known && IsCountReleasable(own[0]) && IsCountReleasable(own[1]);
    return change;
  }

  Result Read(const ReleasedSum& sum) const override {
    Result result;
    result.tables.push_back(
        {"change of " + spec_.measure.name, {spec_.by.empty() ? "group" : spec_.by}, {}});
    std::vector<Change> changes;
    for (size_t g = 0; g < names_.size(); ++g) {
      const std::span<const double> own(sum.values.data() + kNumbers * g, kNumbers);
      changes.push_back(ChangeOf(own, sum.noise_stddev));
      AddGroup(g, changes.back(), &result);
    }
    if (changes.size() > 1) AddDifferences(changes, &result);
    return result;
  }

  void AddGroup(size_t g, const Change& change, Result* result) const {
    ResultTable& table = result->tables[0];
    const std::string& unit = spec_.measure.unit;
    ResultRow row{{names_[g]},
                  {{"members", change.count,
                    CountError(change.count, change.count_noise, sampling_rate()), ""},
                   {"mean change", change.mean, change.mean_error, unit},
                   {"noise error of the mean change", change.mean_noise, 0, unit},
                   {"share who lost", change.lost, change.lost_error, ""}}};
    if (!change.is_known) {
      Withhold(ReasonOf(change.count), table.title, &row, result);
      result->sentences.push_back("Change of " + spec_.measure.name + ", " + names_[g] +
                                  ": withheld, because too few members are known to be behind it.");
    } else {
      const double error = kTwoSided * change.mean_error;
      result->sentences.push_back(absl::StrFormat(
          "%s, %s: on average it changed by %s (95%% sure within %s).", spec_.measure.name,
          names_[g], WithUnit(Readable(change.mean, change.mean_error), unit),
          Readable(error, error)));
      AddShare(change, &row, result);
    }
    table.rows.push_back(std::move(row));
  }

  void AddShare(const Change& change, ResultRow* row, Result* result) const {
    if (!change.is_share_known) {
      row->estimates[3].value = std::nan("");
      result->withheld.push_back(
          {result->tables[0].title, row->keys[0] + " / share who lost", kTooFew});
      return;
    }
    result->sentences.push_back(absl::StrFormat(
        "%s, %s: %s of 100 members lost (95%% sure within %s).", spec_.measure.name, row->keys[0],
        Readable(100 * change.lost, 100 * change.lost_error),
        Readable(100 * kTwoSided * change.lost_error, 100 * kTwoSided * change.lost_error)));
  }

  // Groups hold different members, so that their errors are independent.
  void AddDifferences(const std::vector<Change>& changes, Result* result) const {
    ResultTable table{"difference in differences of " + spec_.measure.name, {spec_.by}, {}};
    for (size_t g = 1; g < changes.size(); ++g) {
      const double error = std::hypot(changes[g].mean_error, changes[0].mean_error);
      const double share_error = std::hypot(changes[g].lost_error, changes[0].lost_error);
      ResultRow row{{names_[g] + " less " + names_[0]},
                    {{"mean change", changes[g].mean - changes[0].mean, error, spec_.measure.unit},
                     {"share who lost", changes[g].lost - changes[0].lost, share_error, ""}}};
      if (!changes[g].is_known || !changes[0].is_known) {
        Withhold(ReasonOf(std::min(changes[g].count, changes[0].count)), table.title, &row, result);
      } else if (!changes[g].is_share_known || !changes[0].is_share_known) {
        row.estimates[1].value = std::nan("");
        result->withheld.push_back({table.title, row.keys[0] + " / share who lost", kTooFew});
      }
      if (std::isfinite(row.estimates[0].value)) {
        result->sentences.push_back(absl::StrFormat(
            "%s: the change of %s differs from that of %s by %s (95%% sure within %s).",
            spec_.measure.name, names_[g], names_[0],
            WithUnit(Readable(row.estimates[0].value, error), spec_.measure.unit),
            Readable(kTwoSided * error, kTwoSided * error)));
      }
      table.rows.push_back(std::move(row));
    }
    result->tables.push_back(std::move(table));
  }

  ChangeSpec spec_;
  std::vector<std::string> names_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Recipe>> MakeChangeRecipe(const Study& study) {
  return std::make_unique<ChangeRecipe>(study);
}

}  // namespace mutual::study
