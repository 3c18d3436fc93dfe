#include "study/normal_equations.h"

#include <algorithm>
#include <cmath>

#include "study/release_rule.h"

namespace mutual::study {

double Products::bound() const {
  const double a = 2 + columns_;
  return std::sqrt((a * a + a) / 2);
}

size_t Products::At(size_t i, size_t j) const {
  const size_t low = std::min(i, j), high = std::max(i, j);
  return low * width_ - low * (low + 1) / 2 + high;
}

void Products::Write(std::span<const double> z, std::span<double> out) const {
  size_t at = 0;
  for (size_t i = 0; i < width_; ++i) {
    for (size_t j = i; j < width_; ++j) out[at++] = z[i] * z[j];
  }
}

ProductSums BlockProblem(const Products& products, size_t first) {
  ProductSums problem{products.width(), {}};
  for (size_t k = 0; k < products.size(); ++k) problem.entries.push_back({first + k});
  return problem;
}

std::optional<LeastSquares> Solve(const ProductSums& problem, const NoisySums& sums) {
  const Products at(problem.width - 2, 0);
  const size_t inputs = problem.width - 1;  // with the constant
  const auto entry = [&](size_t i, size_t j) {
    double sum = 0;
    for (const size_t position : problem.entries[at.At(i, j)]) sum += sums.values[position];
    return sum;
  };
  LeastSquares fit;
  fit.count = entry(0, 0);
  Matrix a(inputs);
  std::vector<double> b(inputs);
  for (size_t i = 0; i < inputs; ++i) {
    for (size_t j = 0; j < inputs; ++j) a.at(i, j) = entry(i, j);
    if (i > 0) a.at(i, i) += sums.ridge;
    b[i] = entry(i, inputs);
  }
  const double least = 6 * sums.noise_stddev;
  const double members = fit.count * sums.sampling_rate;
  if (!IsFigureReleasable(fit.count, sums.noise_stddev)) return std::nullopt;
  if (members <= static_cast<double>(inputs)) return std::nullopt;
  const auto solver = Solver::Create(a, std::max(least, 1e-9 * fit.count));
  if (!solver) return std::nullopt;
  fit.beta = solver->Solve(b);
  fit.inverse = solver->Inverse();
  // Aβ = b − Λβ.
  double squares = entry(inputs, inputs) - Dot(b, fit.beta);
  for (size_t i = 1; i < inputs; ++i) squares -= sums.ridge * fit.beta[i] * fit.beta[i];
  const double hidden = sums.noise_stddev * (1 + Dot(fit.beta, fit.beta));
  fit.residual_variance =
      std::max(squares, hidden) / fit.count * members / (members - static_cast<double>(inputs));
  return fit;
}

void AddSlope(const ProductSums& problem, const LeastSquares& fit, const std::vector<double>& w,
              std::span<double> slope) {
  const Products at(problem.width - 2, 0);
  const size_t inputs = fit.beta.size();
  std::vector<double> lambda(inputs, 0.0);
  for (size_t i = 0; i < inputs; ++i) {
    for (size_t j = 0; j < inputs; ++j) lambda[i] += fit.inverse.at(i, j) * w[j];
  }
  for (size_t i = 0; i < inputs; ++i) {
    for (const size_t position : problem.entries[at.At(i, inputs)]) slope[position] += lambda[i];
    for (size_t j = i; j < inputs; ++j) {
      const double both =
          i == j ? lambda[i] * fit.beta[i] : lambda[i] * fit.beta[j] + lambda[j] * fit.beta[i];
      for (const size_t position : problem.entries[at.At(i, j)]) slope[position] -= both;
    }
  }
}

}  // namespace mutual::study
