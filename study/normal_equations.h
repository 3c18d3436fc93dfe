// Least squares from sums of products. Internal to the recipes.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "study/feature.h"
#include "study/symmetric.h"

namespace mutual::study {

// Products z_i·z_j, i <= j, of a member's z = (1, inputs…, target), each in [−1, 1], row by row.
// Category inputs are 0 or 1 and at most one of a column is 1, so that ‖z‖² <= a = 2 + number of
// feature columns, and the squares of the products are
//   Σ_{i<=j} z_i²·z_j² = (‖z‖⁴ + Σ z_i⁴)/2 <= (a² + a)/2.
class Products {
 public:
  Products(size_t inputs, size_t feature_columns)
      : width_(inputs + 2), columns_(static_cast<double>(feature_columns)) {}
  size_t width() const { return width_; }  // of z
  size_t size() const { return width_ * (width_ + 1) / 2; }
  double bound() const;
  size_t At(size_t i, size_t j) const;  // position of a product
  void Write(std::span<const double> z, std::span<double> out) const;

 private:
  size_t width_;
  double columns_;
};

// The products behind one least-squares problem: the entry for (i, j) is the sum of the vector's
// numbers at entries[At(i, j)] of a Products of the same width.
struct ProductSums {
  size_t width = 0;                          // of z, the target last
  std::vector<std::vector<size_t>> entries;  // by Products::At
};
// The plain one: block of `products` beginning at `first`.
ProductSums BlockProblem(const Products& products, size_t first);

// β = (A + Λ)⁻¹b of noisy sums, with what its errors need. Λ is `ridge` times the identity, the
// constant excepted.
struct LeastSquares {
  double count = 0;  // Σ1
  std::vector<double> beta;
  Matrix inverse{0};  // (A + Λ)⁻¹
  double residual_variance = 0;  // (Σy² − 2bᵀβ + βᵀAβ)/(n − inputs), at least what its noise hides
};

struct NoisySums {
  std::span<const double> values;
  double noise_stddev = 0;
  double sampling_rate = 1;  // the values were divided by it
  double ridge = 0;
};

// Nothing when too few members are known, or when the noise could have made the inputs seem
// different: a pivot of A + Λ is not above 6·σ.
std::optional<LeastSquares> Solve(const ProductSums& problem, const NoisySums& sums);

// Adds `weight` times the slope of wᵀβ by each number of the vector. With λ = (A + Λ)⁻¹w a change
// of the products moves wᵀβ by λᵀδb − λᵀδA·β.
void AddSlope(const ProductSums& problem, const LeastSquares& fit, const std::vector<double>& w,
              std::span<double> slope);

}  // namespace mutual::study
