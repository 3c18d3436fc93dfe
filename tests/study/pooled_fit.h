// Regressions of pooled records, straight from the textbook: what a recipe's answer is held
// against.
#pragma once

#include <cmath>
#include <vector>

namespace mutual::study {

struct PooledRecord {
  std::vector<double> x;  // 1 first, in their own units
  double y = 0;
  double exposure = 1;
};

enum class PooledKind { kLinear, kLogistic, kPoisson };

// Solves by Gaussian elimination with pivoting.
inline std::vector<double> Eliminate(std::vector<std::vector<double>> a, std::vector<double> b) {
  const size_t n = b.size();
  for (size_t k = 0; k < n; ++k) {
    size_t pivot = k;
    for (size_t i = k; i < n; ++i) {
      if (std::abs(a[i][k]) > std::abs(a[pivot][k])) pivot = i;
    }
    std::swap(a[k], a[pivot]);
    std::swap(b[k], b[pivot]);
    for (size_t i = k + 1; i < n; ++i) {
      const double factor = a[i][k] / a[k][k];
      for (size_t j = k; j < n; ++j) a[i][j] -= factor * a[k][j];
      b[i] -= factor * b[k];
    }
  }
  for (size_t k = n; k-- > 0;) {
    for (size_t j = k + 1; j < n; ++j) b[k] -= a[k][j] * b[j];
    b[k] /= a[k][k];
  }
  return b;
}

// Newton's method over the records; one step is exact for the linear kind.
inline std::vector<double> PooledFit(PooledKind kind, const std::vector<PooledRecord>& records) {
  const size_t n = records[0].x.size();
  std::vector<double> beta(n, 0.0);
  if (kind == PooledKind::kPoisson) {
    double y = 0, exposure = 0;
    for (const PooledRecord& record : records) {
      y += record.y;
      exposure += record.exposure;
    }
    beta[0] = std::log(y / exposure);
  }
  for (int step = 0; step < 40; ++step) {
    std::vector<std::vector<double>> information(n, std::vector<double>(n, 0.0));
    std::vector<double> score(n, 0.0);
    for (const PooledRecord& record : records) {
      double eta = 0;
      for (size_t i = 0; i < n; ++i) eta += record.x[i] * beta[i];
      double mean = eta, weight = 1;
      if (kind == PooledKind::kLogistic) {
        mean = 1 / (1 + std::exp(-eta));
        weight = mean * (1 - mean);
      } else if (kind == PooledKind::kPoisson) {
        mean = weight = record.exposure * std::exp(eta);
      }
      for (size_t i = 0; i < n; ++i) {
        score[i] += record.x[i] * (record.y - mean);
        for (size_t j = 0; j < n; ++j) information[i][j] += record.x[i] * record.x[j] * weight;
      }
    }
    const std::vector<double> move = Eliminate(information, score);
    for (size_t i = 0; i < n; ++i) beta[i] += move[i];
  }
  return beta;
}

}  // namespace mutual::study
