// Small dense symmetric matrices. Internal to the recipes.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace mutual::study {

// size × size numbers, row-major.
struct Matrix {
  explicit Matrix(size_t size_in) : size(size_in), values(size_in * size_in, 0.0) {}
  double& at(size_t i, size_t j) { return values[i * size + j]; }
  double at(size_t i, size_t j) const { return values[i * size + j]; }
  size_t size;
  std::vector<double> values;
};

// Solves A·x = b for a symmetric positive definite A by its Cholesky factor. Immutable.
class Solver {
 public:
  // Nothing when a pivot (what is left of a diagonal number after the earlier rows explain it) is
  // not above `least_pivot`.
  static std::optional<Solver> Create(const Matrix& matrix, double least_pivot);
  std::vector<double> Solve(std::vector<double> b) const;
  Matrix Inverse() const;

 private:
  explicit Solver(Matrix factor) : factor_(std::move(factor)) {}
  Matrix factor_;  // lower triangle
};

double Dot(const std::vector<double>& a, const std::vector<double>& b);
// aᵀ·M·a
double Quadratic(const Matrix& matrix, const std::vector<double>& a);

}  // namespace mutual::study
