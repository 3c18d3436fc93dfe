// The linear kind of the regression recipe.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "study/coefficients.h"
#include "study/measure.h"
#include "study/normal_equations.h"
#include "study/regression_kinds.h"
#include "study/release_rule.h"
#include "study/statistic.h"

namespace mutual::study {
namespace {

class LinearRecipe final : public Statistic {
 public:
  LinearRecipe(const Study& study, FeatureMap map)
      : Statistic(study),
        spec_(std::get<RegressionSpec>(study.recipe)),
        map_(std::move(map)),
        products_(map_.input_count(), spec_.features.size()),
        centre_((map_.target_lower() + map_.target_upper()) / 2),
        half_((map_.target_upper() - map_.target_lower()) / 2) {
    const int target = PositionOf(spec_.target);
    if (target >= 0) unit_ = schema().columns[static_cast<size_t>(target)].unit;
  }

  uint64_t dimension() const override { return products_.size(); }
  double member_bound() const override { return products_.bound(); }

 private:
  void Fill(const MemberRows& rows, std::span<double> out) const override {
    const std::vector<double> record = MemberRecord(rows, schema());
    const MemberRows one{record, record.size()};
    std::vector<double> z(products_.width());
    z[0] = 1;
    double target = 0;
    if (!map_.Inputs(one, 0, std::span(z).subspan(1, map_.input_count())) ||
        !map_.Target(one, 0, &target)) {
      return;
    }
    z.back() = std::clamp((target - centre_) / half_, -1.0, 1.0);
    products_.Write(z, out);
  }

  Result Read(const ReleasedSum& sum) const override {
    Result result;
    const std::string title = "regression of " + spec_.target;
    const ProductSums problem = BlockProblem(products_, 0);
    const auto fit = Solve(problem, {sum.values, sum.noise_stddev, sampling_rate(), spec_.ridge});
    if (!fit) {
      result.withheld.push_back({title, "", ReasonOf(sum.values[0])});
      result.sentences.push_back("The regression of " + spec_.target +
                                 " is withheld: the noise could have made its inputs differ.");
      return result;
    }
    result.tables.push_back({title, {"input"}, {}});
    if (spec_.ridge > 0) {
      result.sentences.push_back(
          absl::StrFormat("The coefficients are drawn towards 0 by a ridge of %g members; their "
                          "errors hold noise and "
                          "sampling, not that.",
                          spec_.ridge));
    }
    const std::vector<std::string> names = CoefficientNames(map_);
    for (size_t k = 0; k < names.size(); ++k) {
      const std::vector<double> w = UnscaledWeights(map_, k, half_);
      std::vector<double> slope(sum.values.size(), 0.0);
      AddSlope(problem, *fit, w, slope);
      const double noise = sum.noise_stddev * std::sqrt(Dot(slope, slope));
      const double sampling = spec_.design_effect * fit->residual_variance *
                              Quadratic(fit->inverse, w) / sampling_rate();
      const double value = Dot(w, fit->beta) + (k == 0 ? centre_ : 0);
      AddCoefficient(names[k], {value, noise, std::hypot(noise, std::sqrt(sampling))},
                     {spec_.target, unit_, false}, &result);
    }
    return result;
  }

  RegressionSpec spec_;
  FeatureMap map_;
  Products products_;
  double centre_, half_;
  std::string unit_;
};

}  // namespace

std::unique_ptr<Recipe> MakeLinearRegression(const Study& study, FeatureMap map) {
  return std::make_unique<LinearRecipe>(study, std::move(map));
}

}  // namespace mutual::study
