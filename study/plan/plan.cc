#include "study/plan/plan.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"
#include "study/figure.h"
#include "study/plan/dice.h"

namespace mutual::study {
namespace {

constexpr int kNoisySums = 16;
constexpr double kMostWithheld = 0.1;
constexpr double kCloseEnough = 0.1;  // a figure known to a tenth of its value
constexpr double kSearch = 1000;      // how far members and noise are looked for

// Figures that describe another figure's error.
bool IsFigure(const Estimate& estimate) {
  return estimate.standard_error > 0 && estimate.name.rfind("95%", 0) != 0 &&
         estimate.name.rfind("noise error", 0) != 0;
}

std::string KeysOf(const ResultRow& row) {
  std::string keys;
  for (const std::string& key : row.keys) keys += (keys.empty() ? "" : " / ") + key;
  return keys;
}

ReleasedSum SumAt(const std::vector<double>& mean, const Scenario& scenario, double noise) {
  ReleasedSum sum{mean, noise, static_cast<int>(scenario.nodes)};
  for (double& value : sum.values) value *= scenario.members;
  return sum;
}

// Whether noise leaves the figure worth having.
bool IsWorthwhile(const PlannedFigure& figure) {
  if (figure.sampling == 0) return figure.combined <= std::abs(figure.value) / 2;
  return figure.combined <= 2 * figure.sampling ||
         figure.combined <= kCloseEnough * std::abs(figure.value);
}

}  // namespace

absl::StatusOr<Planner> Planner::Create(const Study& study, const MemberSample& sample) {
  MUTUAL_ASSIGN_OR_RETURN(std::unique_ptr<Recipe> recipe, MakeRecipe(study));
  if (recipe->needs_model()) {
    return WithCode(
        FailedPrecondition("no formula tells how good a trained model will be; try it on "
                           "made-up data"),
        "PLAN_TRAINING");
  }
  if (sample.empty()) {
    return WithCode(InvalidArgument("the sample has no members, want at least one"), "PLAN_SAMPLE");
  }
  std::vector<double> mean(recipe->dimension(), 0.0), one(recipe->dimension());
  for (const std::vector<double>& member : sample) {
    MUTUAL_RETURN_IF_ERROR(recipe->MemberVector({member, study.schema.columns.size()}, one));
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += one[i];
  }
  for (double& value : mean) value /= static_cast<double>(sample.size());
  return Planner(std::move(recipe), study.cohort.min_nodes, std::move(mean));
}

Plan Planner::At(const Scenario& scenario) const {
  Plan plan;
  plan.has_nodes = scenario.nodes >= min_nodes_;
  const auto quiet = recipe_->Finish(SumAt(mean_, scenario, 0));
  const auto noisy = recipe_->Finish(SumAt(mean_, scenario, scenario.noise_stddev));
  if (!plan.has_nodes || !quiet.ok() || !noisy.ok()) {
    plan.withheld_share = 1;
    return plan;
  }
  size_t worthwhile = 0;
  for (size_t t = 0; t < noisy->tables.size(); ++t) {
    const ResultTable& table = noisy->tables[t];
    for (size_t r = 0; r < table.rows.size(); ++r) {
      for (size_t e = 0; e < table.rows[r].estimates.size(); ++e) {
        const Estimate& both = table.rows[r].estimates[e];
        // Both results have the same tables as long as the noise withholds none as a whole.
        const bool matches = t < quiet->tables.size() && quiet->tables[t].title == table.title;
        if (!matches || !IsFigure(both) || !std::isfinite(both.value)) continue;
        const double alone = quiet->tables[t].rows[r].estimates[e].standard_error;
        const double noise =
            std::sqrt(std::max(0.0, both.standard_error * both.standard_error - alone * alone));
        plan.figures.push_back({table.title, KeysOf(table.rows[r]), both.name, both.unit,
                                both.value, kTwoSided * alone, kTwoSided * noise,
                                kTwoSided * both.standard_error});
        worthwhile += IsWorthwhile(plan.figures.back()) ? 1 : 0;
      }
    }
  }
  plan.withheld_share = WithheldShare(scenario);
  plan.is_useful = plan.withheld_share <= kMostWithheld && !plan.figures.empty() &&
                   2 * worthwhile >= plan.figures.size();
  return plan;
}

// A table that is withheld as a whole counts as one cell.
double Planner::WithheldShare(const Scenario& scenario) const {
  Dice dice(1);
  double withheld = 0, cells = 0;
  for (int draw = 0; draw < kNoisySums; ++draw) {
    ReleasedSum sum = SumAt(mean_, scenario, scenario.noise_stddev);
    for (double& value : sum.values) value += scenario.noise_stddev * dice.Normal();
    const auto result = recipe_->Finish(sum);
    if (!result.ok()) return 1;
    withheld += static_cast<double>(result->withheld.size());
    for (const Withheld& one : result->withheld) cells += one.cell.empty() ? 1 : 0;
    for (const ResultTable& table : result->tables) cells += static_cast<double>(table.rows.size());
  }
  return cells > 0 ? std::min(1.0, withheld / cells) : 1;
}

std::optional<double> Planner::LeastMembers(const Scenario& scenario) const {
  const auto useful = [&](double factor) {
    return At({scenario.nodes, factor * scenario.members, scenario.noise_stddev}).is_useful;
  };
  double low = 1 / kSearch, high = kSearch;
  if (!useful(high)) return std::nullopt;
  while (high / low > 1.01) {
    const double middle = std::sqrt(low * high);
    (useful(middle) ? high : low) = middle;
  }
  return std::ceil(high * scenario.members);
}

std::optional<double> Planner::MostNoise(const Scenario& scenario) const {
  const auto useful = [&](double factor) {
    return At({scenario.nodes, scenario.members, factor * scenario.noise_stddev}).is_useful;
  };
  double low = 1 / kSearch, high = kSearch;
  if (!useful(low)) return std::nullopt;
  while (high / low > 1.01) {
    const double middle = std::sqrt(low * high);
    (useful(middle) ? low : high) = middle;
  }
  return low;
}

}  // namespace mutual::study
