#include "study/rate_recipe.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "study/figure.h"
#include "study/measure.h"
#include "study/release_rule.h"
#include "study/statistic.h"

namespace mutual::study {
namespace {

constexpr size_t kOwn = 6;    // numbers of a group: ½, α, β, ½α², ½αβ, ½β²
constexpr size_t kCross = 4;  // products of a group with the first

// A member's events and exposure in a group, as shares of their bounds.
struct Shares {
  double events = 0, exposure = 0;
  bool present = false;
};

// What a group's sums say, in shares: r = Σα/Σβ.
struct GroupRate {
  double count, events, exposure;
  double rate;
  double noise_variance, sampling_variance;  // of r
  bool known;
};

class RateRecipe final : public Statistic {
 public:
  explicit RateRecipe(const Study& study)
      : Statistic(study),
        spec_(std::get<RateSpec>(study.recipe)),
        names_(GroupNames(spec_.by)),
        length_(kOwn * names_.size() + kCross * (names_.size() - 1)) {}

  uint64_t dimension() const override { return length_ * spec_.rates.size(); }
  double member_bound() const override {
    const auto groups = static_cast<double>(GroupsOfMember(names_.size()));
    const double squares = names_.size() == 1 ? 3 : 3 + groups / 4;
    return std::sqrt(squares * static_cast<double>(spec_.rates.size()));
  }

 private:
  // Sums of a member's usable rows in each group, scaled so that no total is over 1.
  std::vector<Shares> SharesOf(const MemberRows& rows, const Rate& rate) const {
    std::vector<Shares> shares(names_.size());
    const auto events = static_cast<size_t>(PositionOf(rate.events));
    const auto exposure = static_cast<size_t>(PositionOf(rate.exposure));
    const int by = PositionOf(spec_.by);
    double all_events = 1, all_exposure = 1;
    for (size_t row = 0; row < rows.row_count(); ++row) {
      const double group = by < 0 ? 0 : rows.at(row, static_cast<size_t>(by));
      const double a = rows.at(row, events), b = rows.at(row, exposure);
      if (!std::isfinite(a) || !std::isfinite(b)) continue;
      if (!(group >= 0 && group < static_cast<double>(shares.size()))) continue;
      Shares& own = shares[static_cast<size_t>(group)];
      const Column& event_column = schema().columns[events];
      const Column& exposure_column = schema().columns[exposure];
      own.events += std::clamp(a, event_column.lower, event_column.upper) / rate.events_bound;
      own.exposure +=
          std::clamp(b, exposure_column.lower, exposure_column.upper) / rate.exposure_bound;
      own.present = true;
    }
    double total_events = 0, total_exposure = 0;
    for (const Shares& own : shares) {
      total_events += own.events;
      total_exposure += own.exposure;
    }
    all_events = std::max(all_events, total_events);
    all_exposure = std::max(all_exposure, total_exposure);
    for (Shares& own : shares) {
      own.events /= all_events;
      own.exposure /= all_exposure;
    }
    return shares;
  }

  void Fill(const MemberRows& rows, std::span<double> out) const override {
    size_t at = 0;
    for (const Rate& rate : spec_.rates) {
      const std::vector<Shares> shares = SharesOf(rows, rate);
      for (const Shares& own : shares) {
        const double a = own.events, b = own.exposure;
        const double numbers[kOwn] = {own.present ? 0.5 : 0, a, b, a * a / 2, a * b / 2, b * b / 2};
        for (const double number : numbers) out[at++] = number;
      }
      for (size_t group = 1; group < shares.size(); ++group) {
        const double a = shares[group].events / 2, b = shares[group].exposure / 2;
        for (const double own : {a, b}) {
          out[at++] = own * shares[0].events;
          out[at++] = own * shares[0].exposure;
        }
      }
    }
  }

  // r = Σα/Σβ has noise σ/Σβ·√(1 + r²). Its sampling variance is Σ(α − rβ)²/(q·(Σβ)²); that sum
  // comes from the second moments, whose own noise is its least believable value.
  GroupRate RateOf(std::span<const double> own, double sigma) const {
    GroupRate group{};
    group.count = 2 * own[0];
    group.events = own[1];
    group.exposure = own[2];
    group.rate = own[1] / own[2];
    const double r = group.rate, scale = own[2] * own[2];
    group.noise_variance = sigma * sigma * (1 + r * r) / scale;
    const double squares = 2 * (own[3] - 2 * r * own[4] + r * r * own[5]);
    const double least = 2 * sigma * std::sqrt(1 + 4 * r * r + r * r * r * r);
    group.sampling_variance = std::max(squares, least) / (scale * sampling_rate());
    group.known =
        IsFigureReleasable(group.count, 2 * sigma) && own[1] >= 3 * sigma && own[2] >= 3 * sigma;
    return group;
  }

  Result Read(const ReleasedSum& sum) const override {
    Result result;
    for (size_t k = 0; k < spec_.rates.size(); ++k) {
      const std::span<const double> sums(sum.values.data() + k * length_, length_);
      std::vector<GroupRate> groups;
      for (size_t g = 0; g < names_.size(); ++g) {
        groups.push_back(RateOf(sums.subspan(g * kOwn, kOwn), sum.noise_stddev));
      }
      AddRates(spec_.rates[k], groups, sum.noise_stddev, &result);
      if (groups.size() > 1) AddRatios(spec_.rates[k], groups, sums, &result);
    }
    return result;
  }

  void AddRates(const Rate& rate, const std::vector<GroupRate>& groups, double sigma,
                Result* result) const {
    ResultTable table{rate.name, {spec_.by.empty() ? "group" : spec_.by}, {}};
    for (size_t g = 0; g < groups.size(); ++g) {
      const GroupRate& group = groups[g];
      const double scale = rate.factor * rate.events_bound / rate.exposure_bound;
      const double noise = std::abs(scale) * std::sqrt(group.noise_variance);
      const double error = std::hypot(noise, std::abs(scale) * std::sqrt(group.sampling_variance));
      ResultRow row{
          {names_[g]},
          {{"members", group.count, CountError(group.count, 2 * sigma, sampling_rate()), ""},
           {"rate", scale * group.rate, error, rate.unit},
           {"noise error of the rate", noise, 0, rate.unit}}};
      if (!group.known) {
        Withhold(ReasonOf(group.count), table.title, &row, result);
        result->sentences.push_back(rate.name + ", " + names_[g] +
                                    ": withheld, because too little is known to be behind it.");
      } else {
        result->sentences.push_back(absl::StrFormat(
            "%s, %s: about %s (95%% sure within %s; privacy alone adds %s).", rate.name, names_[g],
            WithUnit(Readable(scale * group.rate, error), rate.unit),
            Readable(kTwoSided * error, kTwoSided * error),
            Readable(kTwoSided * noise, kTwoSided * noise)));
      }
      table.rows.push_back(std::move(row));
    }
    result->tables.push_back(std::move(table));
  }

  // ln(r_g/r_0) has the variance v_g/r_g² + v_0/r_0² − 2·Σ(α_g − r_g·β_g)(α_0 − r_0·β_0) /
  // (q·r_g·Σβ_g·r_0·Σβ_0): the same members may stand in both groups.
  void AddRatios(const Rate& rate, const std::vector<GroupRate>& groups,
                 std::span<const double> sums, Result* result) const {
    const GroupRate& base = groups[0];
    ResultTable table{rate.name + ", compared with " + names_[0], {spec_.by}, {}};
    for (size_t g = 1; g < groups.size(); ++g) {
      const GroupRate& group = groups[g];
      const std::span<const double> cross =
          sums.subspan(kOwn * groups.size() + kCross * (g - 1), kCross);
      const double shared = 2 * (cross[0] - base.rate * cross[1] - group.rate * cross[2] +
                                 group.rate * base.rate * cross[3]);
      const double own =
          (group.noise_variance + group.sampling_variance) / (group.rate * group.rate);
      const double other = (base.noise_variance + base.sampling_variance) / (base.rate * base.rate);
      const double joint = shared / (sampling_rate() * group.events * base.events);
      const double largest = std::sqrt(own * other);
      const double error =
          std::sqrt(std::max(0.0, own + other - 2 * std::clamp(joint, -largest, largest)));
      const double ratio = group.rate / base.rate;
      ResultRow row{{names_[g]},
                    {{"ratio", ratio, ratio * error, ""},
                     {"95% low", ratio * std::exp(-kTwoSided * error), 0, ""},
                     {"95% high", ratio * std::exp(kTwoSided * error), 0, ""}}};
      if (!group.known || !base.known) {
        Withhold(ReasonOf(std::min(group.count, base.count)), table.title, &row, result);
      } else {
        result->sentences.push_back(absl::StrFormat(
            "%s: that of %s is about %s times that of %s (95%% sure: %s to %s times).", rate.name,
            names_[g], Readable(ratio, ratio * error), names_[0],
            Readable(row.estimates[1].value, ratio * error),
            Readable(row.estimates[2].value, ratio * error)));
      }
      table.rows.push_back(std::move(row));
    }
    result->tables.push_back(std::move(table));
  }

  RateSpec spec_;
  std::vector<std::string> names_;
  size_t length_;  // numbers of one rate
};

}  // namespace

absl::StatusOr<std::unique_ptr<Recipe>> MakeRateRecipe(const Study& study) {
  return std::make_unique<RateRecipe>(study);
}

}  // namespace mutual::study
