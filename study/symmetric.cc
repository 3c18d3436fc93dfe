#include "study/symmetric.h"

#include <cmath>

namespace mutual::study {

std::optional<Solver> Solver::Create(const Matrix& matrix, double least_pivot) {
  const size_t size = matrix.size;
  Matrix factor(size);
  for (size_t j = 0; j < size; ++j) {
    double pivot = matrix.at(j, j);
    for (size_t k = 0; k < j; ++k) pivot -= factor.at(j, k) * factor.at(j, k);
    if (!(pivot > least_pivot) || !(pivot > 0) || !std::isfinite(pivot)) return std::nullopt;
    factor.at(j, j) = std::sqrt(pivot);
    for (size_t i = j + 1; i < size; ++i) {
      double sum = matrix.at(i, j);
      for (size_t k = 0; k < j; ++k) sum -= factor.at(i, k) * factor.at(j, k);
      factor.at(i, j) = sum / factor.at(j, j);
    }
  }
  return Solver(std::move(factor));
}

std::vector<double> Solver::Solve(std::vector<double> b) const {
  const size_t size = factor_.size;
  for (size_t i = 0; i < size; ++i) {
    for (size_t k = 0; k < i; ++k) b[i] -= factor_.at(i, k) * b[k];
    b[i] /= factor_.at(i, i);
  }
  for (size_t i = size; i-- > 0;) {
    for (size_t k = i + 1; k < size; ++k) b[i] -= factor_.at(k, i) * b[k];
    b[i] /= factor_.at(i, i);
  }
  return b;
}

Matrix Solver::Inverse() const {
  Matrix inverse(factor_.size);
  for (size_t j = 0; j < factor_.size; ++j) {
    std::vector<double> unit(factor_.size, 0.0);
    unit[j] = 1;
    const std::vector<double> column = Solve(std::move(unit));
    for (size_t i = 0; i < factor_.size; ++i) inverse.at(i, j) = column[i];
  }
  return inverse;
}

double Dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double Quadratic(const Matrix& matrix, const std::vector<double>& a) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t j = 0; j < a.size(); ++j) sum += a[i] * matrix.at(i, j) * a[j];
  }
  return sum;
}

}  // namespace mutual::study
