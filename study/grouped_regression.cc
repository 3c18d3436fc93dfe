// The logistic and the poisson kind of the regression recipe.
//
// logistic: a member adds 1 to (cell, target or not): C = 1.
// poisson: a member adds ½, and in each cell of which they have rows (α, β, ½α², ½αβ, ½β²), their
// events and exposure there as shares of the bounds, Σα <= 1 and Σβ <= 1 over the cells. The
// squares are at most ¼ + 1 + 1 + ¼·3 = 3: C = √3.
#include <algorithm>
#include <cmath>

#include "study/coefficients.h"
#include "study/grouped_model.h"
#include "study/measure.h"
#include "study/regression_kinds.h"
#include "study/release_rule.h"
#include "study/statistic.h"

namespace mutual::study {
namespace {

constexpr size_t kPoisson = 5;

class GroupedRecipe final : public Statistic {
 public:
  GroupedRecipe(const Study& study, FeatureMap map)
      : Statistic(study),
        spec_(std::get<RegressionSpec>(study.recipe)),
        map_(std::move(map)),
        cells_(schema(), spec_),
        logistic_(spec_.model == ModelKind::kLogistic) {}

  uint64_t dimension() const override {
    return logistic_ ? 2 * cells_.size() : 1 + kPoisson * cells_.size();
  }
  double member_bound() const override { return logistic_ ? 1 : std::sqrt(3.0); }

 private:
  void Fill(const MemberRows& rows, std::span<double> out) const override {
    if (logistic_) {
      FillLogistic(rows, out);
    } else {
      FillPoisson(rows, out);
    }
  }

  void FillLogistic(const MemberRows& rows, std::span<double> out) const {
    const std::vector<double> record = MemberRecord(rows, schema());
    const MemberRows one{record, record.size()};
    const size_t cell = cells_.CellOf(one, 0);
    double target = 0;
    if (cell == cells_.size() || !map_.Target(one, 0, &target)) return;
    out[2 * cell + (target > 0 ? 0 : 1)] = 1;
  }

  // A row's number of a column as a share of `bound`; NaN when it is not usable.
  double ShareOf(const MemberRows& rows, size_t row, const std::string& name, double bound) const {
    const auto position = static_cast<size_t>(PositionOf(name));
    const Column& column = schema().columns[position];
    const double value = rows.at(row, position);
    return std::isfinite(value) ? std::clamp(value, column.lower, column.upper) / bound : kMissing;
  }

  void FillPoisson(const MemberRows& rows, std::span<double> out) const {
    double events = 0, exposure = 0;
    for (size_t row = 0; row < rows.row_count(); ++row) {
      const size_t cell = cells_.CellOf(rows, row);
      const double a = ShareOf(rows, row, spec_.target, spec_.target_bound);
      const double b = ShareOf(rows, row, spec_.exposure, spec_.exposure_bound);
      if (cell == cells_.size() || std::isnan(a) || std::isnan(b)) continue;
      out[0] = 0.5;
      out[1 + kPoisson * cell] += a;
      out[2 + kPoisson * cell] += b;
      events += a;
      exposure += b;
    }
    for (size_t cell = 0; cell < cells_.size(); ++cell) {
      const std::span<double> own = out.subspan(1 + kPoisson * cell, kPoisson);
      own[0] /= std::max(1.0, events);
      own[1] /= std::max(1.0, exposure);
      own[2] = own[0] * own[0] / 2;
      own[3] = own[0] * own[1] / 2;
      own[4] = own[1] * own[1] / 2;
    }
  }

  std::vector<GroupedCell> CellsOf(const ReleasedSum& sum) const {
    std::vector<GroupedCell> cells(cells_.size());
    for (size_t c = 0; c < cells.size(); ++c) {
      const std::vector<double> middle = cells_.Middle(c);
      cells[c].inputs.resize(map_.input_count() + 1);
      cells[c].inputs[0] = 1;
      map_.Inputs({middle, middle.size()}, 0, std::span(cells[c].inputs).subspan(1));
      if (logistic_) {
        cells[c].events = sum.values[2 * c];
        cells[c].exposure = sum.values[2 * c] + sum.values[2 * c + 1];
      } else {
        cells[c].events = sum.values[1 + kPoisson * c] * spec_.target_bound;
        cells[c].exposure = sum.values[2 + kPoisson * c] * spec_.exposure_bound;
      }
    }
    return cells;
  }

  // Variance of a cell's part of the score, Y − E·μ, by noise.
  double NoiseVariance(double mean, double sigma) const {
    if (logistic_) return sigma * sigma * ((1 - mean) * (1 - mean) + mean * mean);
    const double a = spec_.target_bound, b = mean * spec_.exposure_bound;
    return sigma * sigma * (a * a + b * b);
  }

  // By how much members' events vary more than Poisson's: Σ(y − μ·e)² over Σy, at least 1.
  double Dispersion(const ReleasedSum& sum, const GroupedFit& fit) const {
    double squares = 0, events = 0;
    for (size_t c = 0; c < cells_.size(); ++c) {
      const double a = spec_.target_bound, b = fit.means[c] * spec_.exposure_bound;
      const double* const own = &sum.values[1 + kPoisson * c];
      squares += 2 * (a * a * own[2] - 2 * a * b * own[3] + b * b * own[4]);
      events += a * own[0];
    }
    return std::max(1.0, squares / events);
  }

  // V = H⁻¹·(Σ x·xᵀ·(noise + sampling))·H⁻¹, for the noise alone and for both.
  struct Covariances {
    Matrix noise, sampling;
  };
  Covariances MeatOf(const ReleasedSum& sum, const std::vector<GroupedCell>& cells,
                     const GroupedFit& fit) const {
    const double dispersion = logistic_ ? 1 : Dispersion(sum, fit);
    Covariances meat{Matrix(fit.beta.size()), Matrix(fit.beta.size())};
    for (size_t c = 0; c < cells.size(); ++c) {
      const double mean = fit.means[c];
      const double noise = NoiseVariance(mean, sum.noise_stddev);
      const double own =
          logistic_ ? cells[c].exposure * mean * (1 - mean) : dispersion * cells[c].exposure * mean;
      const std::vector<double>& x = cells[c].inputs;
      for (size_t i = 0; i < x.size(); ++i) {
        for (size_t j = 0; j < x.size(); ++j) {
          meat.noise.at(i, j) += x[i] * x[j] * noise;
          meat.sampling.at(i, j) += x[i] * x[j] * own * spec_.design_effect / sampling_rate();
        }
      }
    }
    return meat;
  }

  Result Read(const ReleasedSum& sum) const override {
    Result result;
    const std::string title = "regression of " + spec_.target;
    const double sigma = sum.noise_stddev;
    const std::vector<GroupedCell> cells = CellsOf(sum);
    double count = 0, count_noise = 2 * sigma;
    if (logistic_) {
      for (const GroupedCell& cell : cells) count += cell.exposure;
      count_noise = sigma * std::sqrt(static_cast<double>(dimension()));
    } else {
      count = 2 * sum.values[0];
    }
    const double exposure_noise = logistic_ ? sigma * std::sqrt(2.0) : sigma * spec_.exposure_bound;
    const auto fit = IsFigureReleasable(count, count_noise)
                         ? FitGrouped(spec_.model, cells, exposure_noise)
                         : std::nullopt;
    if (!fit) {
      result.withheld.push_back({title, "", ReasonOf(count)});
      result.sentences.push_back("The regression of " + spec_.target +
                                 " is withheld: too little is known of it through the noise.");
      return result;
    }
    result.tables.push_back({title, {"input"}, {}});
    AddCoefficients(*fit, MeatOf(sum, cells, *fit), &result);
    return result;
  }

  void AddCoefficients(const GroupedFit& fit, const Covariances& meat, Result* result) const {
    const std::vector<std::string> names = CoefficientNames(map_);
    for (size_t k = 0; k < names.size(); ++k) {
      const std::vector<double> w = UnscaledWeights(map_, k, 1);
      std::vector<double> spread(w.size(), 0.0);  // H⁻¹·w
      for (size_t i = 0; i < w.size(); ++i) {
        for (size_t j = 0; j < w.size(); ++j) spread[i] += fit.inverse.at(i, j) * w[j];
      }
      const double noise = std::sqrt(std::max(0.0, Quadratic(meat.noise, spread)));
      const double sampling = std::max(0.0, Quadratic(meat.sampling, spread));
      AddCoefficient(
          names[k], {Dot(w, fit.beta), noise, std::hypot(noise, std::sqrt(sampling))},
          {(logistic_ ? "the odds of " + spec_.target_class : "the rate of " + spec_.target), "",
           true},
          result);
    }
  }

  RegressionSpec spec_;
  FeatureMap map_;
  FeatureCells cells_;
  bool logistic_;
};

}  // namespace

std::unique_ptr<Recipe> MakeGroupedRegression(const Study& study, FeatureMap map) {
  return std::make_unique<GroupedRecipe>(study, std::move(map));
}

}  // namespace mutual::study
