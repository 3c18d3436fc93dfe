#include "study/inequality_recipe.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_format.h"
#include "study/figure.h"
#include "study/measure.h"
#include "study/quantile.h"
#include "study/release_rule.h"
#include "study/statistic.h"

namespace mutual::study {
namespace {

// Two quantiles whose quotient is reported.
struct Ratio {
  double upper, lower;
};
constexpr Ratio kRatios[] = {{0.9, 0.1}, {0.9, 0.5}, {0.5, 0.1}};

// A figure of counts and its slope by each count. Figures of shares do not change when all counts
// grow alike, so that the sampling variance of one-hot members is Σ count·slope²/q (delta method).
struct Sloped {
  double value;
  std::vector<double> slope;
};

double ErrorOf(const std::vector<double>& slope, const BinnedCounts& bins) {
  double noise = 0, sampling = 0;
  for (size_t i = 0; i < slope.size(); ++i) {
    noise += slope[i] * slope[i];
    sampling += std::max(0.0, bins.counts[i]) * slope[i] * slope[i];
  }
  return std::sqrt(noise * bins.noise_stddev * bins.noise_stddev + sampling / bins.sampling_rate);
}

// With N = Σn, M = Σn·m of the bins' middles m and D_i = Σ_j n_j·|m_i − m_j|:
// G = Σ n_i·D_i / (2·N·M), ∂G/∂n_i = D_i/(N·M) − G/N − G·m_i/M.
Sloped GiniOf(const BinnedCounts& bins) {
  const size_t size = bins.counts.size();
  std::vector<double> middles(size), distances(size);
  double total = 0, mass = 0;
  for (size_t i = 0; i < size; ++i) {
    middles[i] = (bins.edges[i] + bins.edges[i + 1]) / 2;
    total += bins.counts[i];
    mass += bins.counts[i] * middles[i];
  }
  double below = 0, mass_below = 0, sum = 0;
  for (size_t i = 0; i < size; ++i) {
    below += bins.counts[i];
    mass_below += bins.counts[i] * middles[i];
    distances[i] = middles[i] * (2 * below - total) + mass - 2 * mass_below;
    sum += bins.counts[i] * distances[i];
  }
  Sloped gini{sum / (2 * total * mass), std::vector<double>(size)};
  for (size_t i = 0; i < size; ++i) {
    gini.slope[i] =
        distances[i] / (total * mass) - gini.value / total - gini.value * middles[i] / mass;
  }
  return gini;
}

// The slope of ln Q_p by each count: a member more below Q_p moves it by (p − 1) ranks, one above
// by p; ranks become pounds by the width of the quantile's band over that of its rank.
std::vector<double> LogQuantileSlope(const Quantile& quantile, double p, const BinnedCounts& bins) {
  const auto size = static_cast<double>(bins.counts.size());
  const double total = std::accumulate(bins.counts.begin(), bins.counts.end(), 0.0);
  const auto above = std::upper_bound(bins.edges.begin(), bins.edges.end() - 1, quantile.value);
  const auto bin = static_cast<size_t>(above - bins.edges.begin() - 1);
  const double below = static_cast<double>(bin) + 0.5;
  const double noise =
      bins.noise_stddev * std::sqrt(below * (1 - p) * (1 - p) + (size - below) * p * p);
  const double rank = std::hypot(noise, std::sqrt(p * (1 - p) * total / bins.sampling_rate));
  const double per_rank = (quantile.high - quantile.low) / (2 * kTwoSided * rank);
  std::vector<double> slope(bins.counts.size());
  for (size_t i = 0; i < slope.size(); ++i) {
    const double inside = i < bin ? 1 : i > bin ? 0 : 0.5;
    slope[i] = (p - inside) * per_rank / quantile.value;
  }
  return slope;
}

class InequalityRecipe final : public Statistic {
 public:
  explicit InequalityRecipe(const Study& study)
      : Statistic(study), spec_(std::get<InequalitySpec>(study.recipe)) {}

  uint64_t dimension() const override { return spec_.edges.size() - 1; }
  double member_bound() const override { return 1; }

 private:
  void Fill(const MemberRows& rows, std::span<double> out) const override {
    const double x = MemberValue(rows, schema(), spec_.measure, -1, 0);
    if (!std::isnan(x)) out[BinOf(spec_.edges, x)] = 1;
  }

  Result Read(const ReleasedSum& sum) const override {
    const BinnedCounts bins{spec_.edges, sum.values, sum.noise_stddev, sampling_rate()};
    Result result;
    ResultTable table{"inequality of " + spec_.measure.name, {"figure"}, {}};
    const double total = std::accumulate(sum.values.begin(), sum.values.end(), 0.0);
    const double noise = sum.noise_stddev * std::sqrt(static_cast<double>(dimension()));
    if (!IsFigureReleasable(total, noise)) {
      result.sentences.push_back("Inequality of " + spec_.measure.name +
                                 " is withheld, because too few members are known to be counted.");
      result.withheld.push_back({table.title, "", ReasonOf(total)});
      return result;
    }
    AddGini(bins, &table, &result);
    for (const Ratio& ratio : kRatios) AddRatio(bins, ratio, &table, &result);
    result.tables.push_back(std::move(table));
    return result;
  }

  void AddGini(const BinnedCounts& bins, ResultTable* table, Result* result) const {
    const Sloped gini = GiniOf(bins);
    const double error = ErrorOf(gini.slope, bins);
    table->rows.push_back({{"Gini coefficient"}, {{"value", gini.value, error, ""}}});
    result->sentences.push_back(absl::StrFormat(
        "The Gini coefficient of %s is about %s (95%% sure within %s; 0 is equal, 1 is one member "
        "with everything).",
        spec_.measure.name, Readable(gini.value, error),
        Readable(kTwoSided * error, kTwoSided * error)));
  }

  void AddRatio(const BinnedCounts& bins, const Ratio& ratio, ResultTable* table,
                Result* result) const {
    const std::string name = absl::StrFormat("P%g / P%g", 100 * ratio.upper, 100 * ratio.lower);
    const std::vector<Quantile> found = QuantilesOf(bins, {ratio.upper, ratio.lower});
    ResultRow row{{name}, {{"value", 0, 0, ""}}};
    if (!(found[1].value > 0)) {
      Withhold("the lower quantile cannot be told from zero", table->title, &row, result);
    } else {
      std::vector<double> slope = LogQuantileSlope(found[0], ratio.upper, bins);
      const std::vector<double> lower = LogQuantileSlope(found[1], ratio.lower, bins);
      for (size_t i = 0; i < slope.size(); ++i) slope[i] -= lower[i];
      const double value = found[0].value / found[1].value;
      row.estimates[0] = {"value", value, value * ErrorOf(slope, bins), ""};
    }
    table->rows.push_back(std::move(row));
  }

  InequalitySpec spec_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Recipe>> MakeInequalityRecipe(const Study& study) {
  return std::make_unique<InequalityRecipe>(study);
}

}  // namespace mutual::study
