#include "study/gap_recipe.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "study/feature.h"
#include "study/figure.h"
#include "study/measure.h"
#include "study/normal_equations.h"
#include "study/release_rule.h"
#include "study/statistic.h"

namespace mutual::study {
namespace {

// A number of scaled units, its slope by each number of the vector, and its sampling variance.
struct Figure {
  double value = 0;
  std::vector<double> slope;
  double sampling = 0;
};

// One group's fit, and its means of z with their covariance.
struct Group {
  LeastSquares fit;
  std::vector<double> means;
  Matrix mean_covariance{0};
};

class GapRecipe final : public Statistic {
 public:
  GapRecipe(const Study& study, FeatureMap map)
      : Statistic(study),
        spec_(std::get<GapSpec>(study.recipe)),
        map_(std::move(map)),
        names_(GroupNames(spec_.between)),
        products_(map_.input_count(), spec_.features.size()),
        centre_((map_.target_lower() + map_.target_upper()) / 2),
        half_((map_.target_upper() - map_.target_lower()) / 2),
        is_log_(spec_.target.rfind("log(", 0) == 0),
        is_plain_(PositionOf(spec_.target) >= 0) {
    if (is_plain_) unit_ = schema().columns[static_cast<size_t>(PositionOf(spec_.target))].unit;
  }

  uint64_t dimension() const override { return 2 * products_.size(); }
  double member_bound() const override { return products_.bound(); }

 private:
  void Fill(const MemberRows& rows, std::span<double> out) const override {
    const std::vector<double> record = MemberRecord(rows, schema());
    const MemberRows one{record, record.size()};
    const int group = MemberCategory(rows, schema(), spec_.between);
    std::vector<double> z(products_.width());
    z[0] = 1;
    double target = 0;
    if (group < 0 || !map_.Inputs(one, 0, std::span(z).subspan(1, map_.input_count())) ||
        !map_.Target(one, 0, &target)) {
      return;
    }
    z.back() = std::clamp((target - centre_) / half_, -1.0, 1.0);
    products_.Write(z,
                    out.subspan(static_cast<size_t>(group) * products_.size(), products_.size()));
  }

  std::optional<Group> GroupOf(const ReleasedSum& sum, size_t g) const {
    const size_t first = g * products_.size();
    const auto fit =
        Solve(BlockProblem(products_, first), {sum.values, sum.noise_stddev, sampling_rate()});
    if (!fit) return std::nullopt;
    const size_t width = products_.width();
    Group group{*fit, std::vector<double>(width), Matrix(width)};
    for (size_t i = 0; i < width; ++i) {
      group.means[i] = sum.values[first + products_.At(0, i)] / fit->count;
    }
    for (size_t i = 0; i < width; ++i) {
      for (size_t j = 0; j < width; ++j) {
        group.mean_covariance.at(i, j) = spec_.design_effect *
                                         (sum.values[first + products_.At(i, j)] / fit->count -
                                          group.means[i] * group.means[j]) /
                                         (fit->count * sampling_rate());
      }
    }
    return group;
  }

  // Adds weight·(mean of z_i in group g) to the figure's slope.
  void AddMeanSlope(size_t g, const Group& group, size_t i, double weight, Figure* figure) const {
    const size_t first = g * products_.size();
    figure->slope[first + products_.At(0, i)] += weight / group.fit.count;
    figure->slope[first] -= weight * group.means[i] / group.fit.count;
  }

  // ȳ_A − ȳ_B
  Figure RawGap(const Group& a, const Group& b) const {
    const size_t y = products_.width() - 1;
    Figure figure{a.means[y] - b.means[y], std::vector<double>(dimension(), 0.0),
                  a.mean_covariance.at(y, y) + b.mean_covariance.at(y, y)};
    AddMeanSlope(0, a, y, 1, &figure);
    AddMeanSlope(1, b, y, -1, &figure);
    return figure;
  }

  // (x̄_A − x̄_B)ᵀβ_A, with the variance of Jann 2008: Δᵀ·V(β_A)·Δ + β_Aᵀ·(V(x̄_A) + V(x̄_B))·β_A.
  Figure Explained(const Group& a, const Group& b) const {
    Figure figure{0, std::vector<double>(dimension(), 0.0), 0};
    std::vector<double> difference(a.fit.beta.size());
    for (size_t i = 0; i < difference.size(); ++i) {
      difference[i] = a.means[i] - b.means[i];
      AddMeanSlope(0, a, i, a.fit.beta[i], &figure);
      AddMeanSlope(1, b, i, -a.fit.beta[i], &figure);
    }
    figure.value = Dot(difference, a.fit.beta);
    AddSlope(BlockProblem(products_, 0), a.fit, difference, figure.slope);
    figure.sampling = CoefficientVariance(a, difference) + MeanVariance(a, a.fit.beta) +
                      MeanVariance(b, a.fit.beta);
    return figure;
  }

  // x̄_Bᵀ(β_A − β_B), whose variance is x̄_Bᵀ(V(β_A) + V(β_B))x̄_B + (β_A − β_B)ᵀV(x̄_B)(β_A − β_B).
  Figure Unexplained(const Group& a, const Group& b) const {
    Figure figure{0, std::vector<double>(dimension(), 0.0), 0};
    const std::vector<double> means(b.means.begin(), b.means.end() - 1);
    std::vector<double> difference(means.size()), negative(means.size());
    for (size_t i = 0; i < means.size(); ++i) {
      difference[i] = a.fit.beta[i] - b.fit.beta[i];
      negative[i] = -means[i];
      AddMeanSlope(1, b, i, difference[i], &figure);
    }
    figure.value = Dot(means, difference);
    AddSlope(BlockProblem(products_, 0), a.fit, means, figure.slope);
    AddSlope(BlockProblem(products_, products_.size()), b.fit, negative, figure.slope);
    figure.sampling =
        CoefficientVariance(a, means) + CoefficientVariance(b, means) + MeanVariance(b, difference);
    return figure;
  }

  double CoefficientVariance(const Group& group, const std::vector<double>& w) const {
    return spec_.design_effect * group.fit.residual_variance * Quadratic(group.fit.inverse, w) /
           sampling_rate();
  }

  static double MeanVariance(const Group& group, std::vector<double> w) {
    w.resize(group.means.size(), 0.0);
    return std::max(0.0, Quadratic(group.mean_covariance, w));
  }

  // z = (1, inputs, in B, target) over both groups: entries add both blocks, but for those of "in
  // B", which are B's with 1.
  ProductSums Together() const {
    const size_t width = products_.width() + 1, member = width - 2;
    const Products at(width - 2, 0);
    ProductSums problem{width, std::vector<std::vector<size_t>>(at.size())};
    const auto own = [&](size_t i) { return i < member ? i : i - 1; };
    for (size_t i = 0; i < width; ++i) {
      for (size_t j = i; j < width; ++j) {
        std::vector<size_t>& entry = problem.entries[at.At(i, j)];
        const size_t row = i == member ? 0 : own(i), column = j == member ? 0 : own(j);
        entry.push_back(products_.size() + products_.At(row, column));
        if (i != member && j != member) entry.push_back(products_.At(row, column));
      }
    }
    return problem;
  }

  std::optional<Figure> Adjusted(const ReleasedSum& sum) const {
    const ProductSums problem = Together();
    const auto fit = Solve(problem, {sum.values, sum.noise_stddev, sampling_rate()});
    if (!fit) return std::nullopt;
    std::vector<double> w(fit->beta.size(), 0.0);
    w.back() = -1;
    Figure figure{-fit->beta.back(), std::vector<double>(dimension(), 0.0), 0};
    AddSlope(problem, *fit, w, figure.slope);
    figure.sampling =
        spec_.design_effect * fit->residual_variance * Quadratic(fit->inverse, w) / sampling_rate();
    return figure;
  }

  Result Read(const ReleasedSum& sum) const override {
    Result result;
    const std::string title = "gap of " + spec_.target;
    const auto a = GroupOf(sum, 0), b = GroupOf(sum, 1);
    const auto adjusted = Adjusted(sum);
    if (!a || !b || !adjusted) {
      const double least = std::min(sum.values[0], sum.values[products_.size()]);
      result.withheld.push_back({title, "", ReasonOf(least)});
      result.sentences.push_back("The gap of " + spec_.target + " between " + names_[0] + " and " +
                                 names_[1] +
                                 " is withheld: too little is known through the noise.");
      return result;
    }
    AddGroups({*a, *b}, sum, &result);
    result.tables.push_back({title + ", " + names_[0] + " less " + names_[1], {"figure"}, {}});
    AddFigure("raw gap", RawGap(*a, *b), sum, &result);
    AddFigure("explained by the inputs", Explained(*a, *b), sum, &result);
    AddFigure("unexplained", Unexplained(*a, *b), sum, &result);
    AddFigure("adjusted gap", *adjusted, sum, &result);
    AddPercent(&result);
    AddSentences(&result);
    return result;
  }

  void AddGroups(const std::vector<Group>& groups, const ReleasedSum& sum, Result* result) const {
    const size_t y = products_.width() - 1;
    ResultTable table{spec_.target + " by " + spec_.between, {spec_.between}, {}};
    for (size_t g = 0; g < groups.size(); ++g) {
      Figure mean{groups[g].means[y], std::vector<double>(dimension(), 0.0),
                  groups[g].mean_covariance.at(y, y)};
      AddMeanSlope(g, groups[g], y, 1, &mean);
      const double noise = sum.noise_stddev * std::sqrt(Dot(mean.slope, mean.slope));
      table.rows.push_back(
          {{names_[g]},
           {{"members", groups[g].fit.count,
             CountError(groups[g].fit.count, sum.noise_stddev, sampling_rate()), ""},
            {"mean", centre_ + half_ * mean.value,
             half_ * std::hypot(noise, std::sqrt(mean.sampling)), unit_}}});
    }
    result->tables.push_back(std::move(table));
  }

  void AddFigure(const std::string& name, const Figure& figure, const ReleasedSum& sum,
                 Result* result) const {
    const double noise = half_ * sum.noise_stddev * std::sqrt(Dot(figure.slope, figure.slope));
    const double error = std::hypot(noise, half_ * std::sqrt(std::max(0.0, figure.sampling)));
    result->tables.back().rows.push_back(
        {{name},
         {{"value", half_ * figure.value, error, unit_}, {"noise error", noise, 0, unit_}}});
  }

  // Of a logarithm, 1 − exp(−gap) for each figure; else the raw gap as a share of the first mean.
  void AddPercent(Result* result) const {
    ResultTable percent{"gap of " + spec_.target + ", percent", {"figure"}, {}};
    if (is_log_) {
      for (const ResultRow& row : result->tables.back().rows) {
        const double kept = std::exp(-row.estimates[0].value);
        percent.rows.push_back(
            {row.keys,
             {{"percent", 100 * (1 - kept), 100 * kept * row.estimates[0].standard_error, "%"}}});
      }
    } else if (is_plain_) {
      const Estimate& a = result->tables[0].rows[0].estimates[1];
      const Estimate& b = result->tables[0].rows[1].estimates[1];
      if (!(a.value > 3 * a.standard_error)) return;
      const double ratio = b.value / a.value;
      const double error = std::hypot(b.standard_error, ratio * a.standard_error) / a.value;
      percent.rows.push_back({{"raw gap"}, {{"percent", 100 * (1 - ratio), 100 * error, "%"}}});
    } else {
      return;
    }
    result->tables.push_back(std::move(percent));
  }

  void AddSentences(Result* result) const {
    const ResultTable& figures = result->tables[1];
    const auto say = [&](size_t row) {
      const Estimate& found = figures.rows[row].estimates[0];
      const double error = kTwoSided * found.standard_error;
      return absl::StrFormat("%s (95%% sure within %s)",
                             WithUnit(Readable(found.value, found.standard_error), unit_),
                             Readable(error, error));
    };
    result->sentences.push_back(absl::StrFormat("%s: %s have on average %s more than %s.",
                                                spec_.target, names_[0], say(0), names_[1]));
    result->sentences.push_back(absl::StrFormat(
        "Of this, %s goes with differences in the inputs, and %s does not.", say(1), say(2)));
    result->sentences.push_back(
        absl::StrFormat("Between members with the same inputs the gap is on average %s.", say(3)));
  }

  GapSpec spec_;
  FeatureMap map_;
  std::vector<std::string> names_;
  Products products_;
  double centre_, half_;
  bool is_log_, is_plain_;
  std::string unit_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Recipe>> MakeGapRecipe(const Study& study) {
  const auto& spec = std::get<GapSpec>(study.recipe);
  TrainSpec terms;
  terms.features = spec.features;
  terms.target = spec.target;
  MUTUAL_ASSIGN_OR_RETURN(FeatureMap map, FeatureMap::Create(study.schema, terms));
  return std::make_unique<GapRecipe>(study, std::move(map));
}

}  // namespace mutual::study
