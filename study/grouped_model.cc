#include "study/grouped_model.h"

#include <algorithm>
#include <cmath>

namespace mutual::study {
namespace {

constexpr int kMostSteps = 200;
constexpr double kLongestStep = 2;

double MeanOf(ModelKind model, double eta) {
  return model == ModelKind::kLogistic ? 1 / (1 + std::exp(-eta)) : std::exp(eta);
}

double WeightOf(ModelKind model, double mean) {
  return model == ModelKind::kLogistic ? mean * (1 - mean) : mean;
}

// Score and information at the fit's β; fills its means.
void Evaluate(ModelKind model, const std::vector<GroupedCell>& cells, GroupedFit* fit,
              std::vector<double>* score, Matrix* information) {
  std::fill(score->begin(), score->end(), 0.0);
  std::fill(information->values.begin(), information->values.end(), 0.0);
  for (size_t c = 0; c < cells.size(); ++c) {
    const std::vector<double>& x = cells[c].inputs;
    fit->means[c] = MeanOf(model, Dot(x, fit->beta));
    const double residual = cells[c].events - cells[c].exposure * fit->means[c];
    const double weight = cells[c].exposure * WeightOf(model, fit->means[c]);
    for (size_t i = 0; i < x.size(); ++i) {
      (*score)[i] += x[i] * residual;
      for (size_t j = 0; j < x.size(); ++j) information->at(i, j) += x[i] * x[j] * weight;
    }
  }
}

// The largest standard deviation of a diagonal number of the information.
double InformationNoise(ModelKind model, const std::vector<GroupedCell>& cells,
                        const GroupedFit& fit, double exposure_noise) {
  std::vector<double> variances(fit.beta.size(), 0.0);
  for (size_t c = 0; c < cells.size(); ++c) {
    for (size_t i = 0; i < variances.size(); ++i) {
      const double x = cells[c].inputs[i];
      const double slope = x * x * WeightOf(model, fit.means[c]);
      variances[i] += slope * slope;
    }
  }
  return exposure_noise * std::sqrt(*std::max_element(variances.begin(), variances.end()));
}

}  // namespace

std::optional<GroupedFit> FitGrouped(ModelKind model, const std::vector<GroupedCell>& cells,
                                     double exposure_noise) {
  double events = 0, exposure = 0;
  for (const GroupedCell& cell : cells) {
    events += cell.events;
    exposure += cell.exposure;
  }
  const double share = events / exposure;
  const bool logistic = model == ModelKind::kLogistic;
  if (!(exposure > 0) || !(share > 0) || (logistic && !(share < 1))) return std::nullopt;
  const size_t size = cells[0].inputs.size();
  GroupedFit fit{std::vector<double>(size, 0.0), std::vector<double>(cells.size()), Matrix(size)};
  fit.beta[0] = logistic ? std::log(share / (1 - share)) : std::log(share);
  std::vector<double> score(size);
  Matrix information(size);
  double longest = 1;
  for (int step = 0; step < kMostSteps && longest > 1e-13; ++step) {
    Evaluate(model, cells, &fit, &score, &information);
    const auto solver = Solver::Create(information, 0);
    if (!solver) return std::nullopt;
    const std::vector<double> move = solver->Solve(score);
    longest = 0;
    for (const double part : move) longest = std::max(longest, std::abs(part));
    if (!std::isfinite(longest)) return std::nullopt;
    const double shorten = std::min(1.0, kLongestStep / std::max(longest, 1e-300));
    for (size_t i = 0; i < size; ++i) fit.beta[i] += shorten * move[i];
  }
  if (longest > 1e-12) return std::nullopt;
  Evaluate(model, cells, &fit, &score, &information);
  const auto solver =
      Solver::Create(information, 4 * InformationNoise(model, cells, fit, exposure_noise));
  if (!solver) return std::nullopt;
  fit.inverse = solver->Inverse();
  return fit;
}

}  // namespace mutual::study
