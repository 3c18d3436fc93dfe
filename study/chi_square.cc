#include "study/chi_square.h"

#include <cmath>

namespace mutual::study {
namespace {

// Regularised upper incomplete gamma function Q(a, x): its series below a + 1, its continued
// fraction (Lentz) above (Abramowitz and Stegun 6.5.29, 6.5.31).
double UpperGamma(double a, double x) {
  constexpr double kTiny = 1e-300;
  constexpr int kMostTerms = 100000;
  if (x <= 0) return 1;
  const double front = std::exp(a * std::log(x) - x - std::lgamma(a));
  if (x < a + 1) {
    double term = 1 / a, sum = term;
    for (int n = 1; n < kMostTerms && term > sum * 1e-17; ++n) {
      term *= x / (a + n);
      sum += term;
    }
    return 1 - front * sum;
  }
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / b, h = d;
  for (int n = 1; n < kMostTerms; ++n) {
    const double an = -n * (n - a);
    b += 2;
    d = an * d + b;
    if (std::abs(d) < kTiny) d = kTiny;
    c = b + an / c;
    if (std::abs(c) < kTiny) c = kTiny;
    d = 1 / d;
    h *= d * c;
    if (std::abs(d * c - 1) < 1e-16) break;
  }
  return front * h;
}

struct Margins {
  std::vector<double> rows, columns;
  double total = 0;
};

Margins MarginsOf(const NoisyCells& cells) {
  Margins margins{std::vector<double>(cells.rows), std::vector<double>(cells.columns), 0};
  for (size_t i = 0; i < cells.rows; ++i) {
    for (size_t j = 0; j < cells.columns; ++j) {
      const double count = cells.counts[i * cells.columns + j];
      margins.rows[i] += count;
      margins.columns[j] += count;
      margins.total += count;
    }
  }
  return margins;
}

// ∂(O_ij − row_i·column_j/total)/∂O_kl for every cell (k, l).
std::vector<double> Slope(const Margins& margins, size_t i, size_t j) {
  const size_t columns = margins.columns.size();
  std::vector<double> slope(margins.rows.size() * columns,
                            margins.rows[i] * margins.columns[j] / margins.total / margins.total);
  for (size_t l = 0; l < columns; ++l) slope[i * columns + l] -= margins.columns[j] / margins.total;
  for (size_t k = 0; k < margins.rows.size(); ++k) {
    slope[k * columns + j] -= margins.rows[i] / margins.total;
  }
  slope[i * columns + j] += 1;
  return slope;
}

}  // namespace

double ChiSquareTail(double value, double degrees) { return UpperGamma(degrees / 2, value / 2); }

std::optional<Independence> TestIndependence(const NoisyCells& cells) {
  const Margins margins = MarginsOf(cells);
  std::vector<double> residuals, variances;
  std::vector<std::vector<double>> slopes;
  for (size_t i = 0; i < cells.rows; ++i) {
    for (size_t j = 0; j < cells.columns; ++j) {
      const double expected = margins.rows[i] * margins.columns[j] / margins.total;
      variances.push_back(expected / cells.sampling_rate + cells.noise_stddev * cells.noise_stddev);
      if (i + 1 == cells.rows || j + 1 == cells.columns) continue;  // the margins determine these
      residuals.push_back(cells.counts[i * cells.columns + j] - expected);
      slopes.push_back(Slope(margins, i, j));
    }
  }
  Matrix covariance(residuals.size());
  for (size_t a = 0; a < residuals.size(); ++a) {
    for (size_t b = 0; b <= a; ++b) {
      double sum = 0;
      for (size_t c = 0; c < variances.size(); ++c)
        sum += slopes[a][c] * slopes[b][c] * variances[c];
      covariance.at(a, b) = covariance.at(b, a) = sum;
    }
  }
  const auto solver = Solver::Create(covariance, 0);
  if (!solver) return std::nullopt;
  const double statistic = Dot(residuals, solver->Solve(residuals));
  const auto degrees = static_cast<double>(residuals.size());
  return Independence{statistic, degrees, ChiSquareTail(statistic, degrees)};
}

}  // namespace mutual::study
