#include "study/coefficients.h"

#include <cmath>

#include "absl/strings/str_format.h"
#include "study/figure.h"

namespace mutual::study {

std::vector<double> UnscaledWeights(const FeatureMap& map, size_t k, double target_scale) {
  std::vector<double> w(map.input_count() + 1, 0.0);
  if (k > 0) {
    w[k] = target_scale / map.InputScale(k - 1).half_range;
    return w;
  }
  w[0] = target_scale;
  for (size_t i = 0; i < map.input_count(); ++i) {
    const FeatureMap::Scale scale = map.InputScale(i);
    w[i + 1] = -target_scale * scale.centre / scale.half_range;
  }
  return w;
}

std::vector<std::string> CoefficientNames(const FeatureMap& map) {
  std::vector<std::string> names = {"intercept"};
  for (const std::string& name : map.input_names()) names.push_back(name);
  return names;
}

void AddCoefficient(const std::string& name, const Coefficient& coefficient,
                    const CoefficientText& text, Result* result) {
  const double value = coefficient.value, error = coefficient.error;
  ResultRow row{{name},
                {{"coefficient", value, error, text.unit},
                 {"noise error of the coefficient", coefficient.noise_error, 0, text.unit}}};
  const double ratio = std::exp(value), low = std::exp(value - kTwoSided * error),
               high = std::exp(value + kTwoSided * error);
  if (text.is_ratio) {
    row.estimates.push_back({"ratio", ratio, ratio * error, ""});
    row.estimates.push_back({"95% low", low, 0, ""});
    row.estimates.push_back({"95% high", high, 0, ""});
  }
  result->tables.back().rows.push_back(std::move(row));
  if (name == "intercept") return;
  if (text.is_ratio) {
    result->sentences.push_back(absl::StrFormat(
        "%s: 1 more of it multiplies %s by about %s (95%% sure: %s to %s), the other inputs being "
        "equal.",
        name, text.target, Readable(ratio, ratio * error), Readable(low, ratio * error),
        Readable(high, ratio * error)));
    return;
  }
  result->sentences.push_back(absl::StrFormat(
      "%s: 1 more of it goes with %s more of %s (95%% sure within %s), the other inputs being "
      "equal.",
      name, WithUnit(Readable(value, error), text.unit), text.target,
      Readable(kTwoSided * error, kTwoSided * error)));
}

}  // namespace mutual::study
