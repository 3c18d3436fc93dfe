#include "privacy/clipping.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "privacy/words.h"
#include "tests/support/seeded_random.h"

#include "tests/catch.h"

namespace mutual::privacy {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double Norm(const std::vector<double>& vector) {
  long double sum = 0;
  for (const double x : vector) sum += static_cast<long double>(x) * static_cast<long double>(x);
  return static_cast<double>(std::sqrt(sum));
}

// One member with rows a_t, b_t of one linear layer: the gradient is Σ a_t b_tᵀ.
struct Rows {
  std::vector<std::vector<double>> a, b;
};

double Dot(const std::vector<double>& x, const std::vector<double>& y) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

template <typename Real>
double GhostSquared(const Rows& rows) {
  Real sum = 0;
  for (size_t t = 0; t < rows.a.size(); ++t) {
    for (size_t u = 0; u < rows.a.size(); ++u) {
      sum += static_cast<Real>(static_cast<Real>(Dot(rows.a[t], rows.a[u])) *
                               static_cast<Real>(Dot(rows.b[t], rows.b[u])));
    }
  }
  return static_cast<double>(sum);
}

double ErrorBound(const Rows& rows) {
  double sum = 0;
  for (size_t t = 0; t < rows.a.size(); ++t) {
    sum += std::sqrt(Dot(rows.a[t], rows.a[t]) * Dot(rows.b[t], rows.b[t]));
  }
  return sum;
}

double TrueNorm(const Rows& rows) {
  std::vector<double> gradient;
  for (size_t i = 0; i < rows.a[0].size(); ++i) {
    for (size_t j = 0; j < rows.b[0].size(); ++j) {
      long double sum = 0;
      for (size_t t = 0; t < rows.a.size(); ++t) {
        sum += static_cast<long double>(rows.a[t][i]) * static_cast<long double>(rows.b[t][j]);
      }
      gradient.push_back(static_cast<double>(sum));
    }
  }
  return Norm(gradient);
}

// Rows of about ±1e5 that nearly cancel: the gradient that is left has norm 20.
Rows CancellingRows() {
  return {{{1e5, 0.0}, {-1e5, 0.0}}, {{1e5, 1.0}, {1e5 + 2e-4, 1.0}}};
}

}  // namespace

TEST_CASE("A vector inside the ball is left alone", "[clipping]") {
  std::vector<double> vector = {0.3, -0.4, 0.0};
  const std::vector<double> before = vector;
  CHECK(ClipL2(1.0, vector));
  CHECK(vector == before);
  std::vector<double> zero(5, 0.0);
  CHECK(ClipL2(1.0, zero));
  CHECK(zero == std::vector<double>(5, 0.0));
  CHECK(ClipL2(1.0, {}));
}

TEST_CASE("A clipped vector keeps its direction and never exceeds the bound", "[clipping]") {
  testing::SeededRandom random(7);
  Words words(random);
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<double> vector(1 + words.Below(40));
    for (double& x : vector) {
      x = std::ldexp(static_cast<double>(words.Next()) - 0x1p63,
                     static_cast<int>(words.Below(40)) - 70);
    }
    const std::vector<double> before = vector;
    const double bound = std::ldexp(1.0 + static_cast<double>(words.Below(1000)) / 999, -3);
    REQUIRE(ClipL2(bound, vector));
    REQUIRE(Norm(vector) <= bound);
    const double ratio = std::min(1.0, bound / Norm(before));
    for (size_t i = 0; i < vector.size(); ++i) {
      REQUIRE_THAT(vector[i], WithinRel(before[i] * ratio, 1e-12) || WithinAbs(0, 1e-300));
    }
  }
}

TEST_CASE("Coordinates whose squares overflow or vanish are clipped all the same", "[clipping]") {
  std::vector<double> huge = {1e300, -1e300, 1e308, std::numeric_limits<double>::max()};
  CHECK(ClipL2(2.0, huge));
  CHECK(Norm(huge) <= 2.0);
  CHECK(Norm(huge) > 1.999);
  std::vector<double> tiny = {1e-200, 1e-200};
  CHECK(ClipL2(1e-250, tiny));
  CHECK_THAT(tiny[0] * 1e250, WithinRel(std::sqrt(0.5), 1e-12));
}

TEST_CASE("Attack: one NaN or infinity makes the whole member zero, before any product",
          "[clipping]") {
  for (const double poison : {kInfinity, -kInfinity, std::nan("")}) {
    std::vector<double> vector = {1.0, poison, 2.0};
    CHECK_FALSE(ClipL2(1.0, vector));
    CHECK(vector == std::vector<double>(3, 0.0));
    CHECK(SafeClipFactor({poison, 1.0}, 1.0, 16) == 0);
    CHECK(SafeClipFactor({1.0, poison}, 1.0, 16) == 0);
    // Why a factor of zero alone does not help: the product is NaN and poisons the batch.
    CHECK(std::isnan(0.0 * poison));
  }
  std::vector<double> vector = {1.0};
  CHECK_FALSE(ClipL2(std::nan(""), vector));
  CHECK(vector[0] == 0);
}

TEST_CASE("Attack: rows that cancel in the ghost norm do not escape clipping", "[clipping]") {
  const Rows rows = CancellingRows();
  const double bound = 1.0;
  const double truth = TrueNorm(rows);
  CHECK_THAT(truth, WithinAbs(20, 0.1));
  // In float32 the ghost norm of these rows is wrong enough to leave them unclipped.
  const double naive = GhostSquared<float>(rows);
  CHECK(std::min(1.0, bound / std::sqrt(std::max(0.0, naive))) * truth > 5 * bound);
  // The safe factor holds whatever the ghost norm came out as, down to negative.
  for (const double squared : {GhostSquared<double>(rows), 0.0, -1e6}) {
    const double factor = SafeClipFactor({squared, ErrorBound(rows)}, bound, 16);
    CHECK(factor > 0);
    CHECK(factor * truth <= bound);
  }
}

TEST_CASE("The safe factor bounds the rounding error of the sum as well", "[clipping]") {
  // ghost 0, W large: factor <= rho·C/W, so that c·W <= rho·C.
  const double factor = SafeClipFactor({0, 1e9}, 2.0, 16);
  CHECK(factor * 1e9 <= 16 * 2.0 * (1 + 1e-15));
  CHECK_THAT(SafeClipFactor({100, 10}, 1.0, 16), WithinRel((1 - 0x1p-10) / 10, 1e-9));
  CHECK(SafeClipFactor({0.01, 0.1}, 1.0, 16) == 1);
  CHECK(SafeClipFactor({0, 0}, 1.0, 16) == 1);
  CHECK_THAT(SafeClipFactor({1, 1e200}, 1.0, 16), WithinRel(16e-200, 1e-15));  // no overflow
  CHECK(SafeClipFactor({1, -1}, 1.0, 16) == 0);
  CHECK(SafeClipFactor({1, 1}, 0.0, 16) == 0);
}

}  // namespace mutual::privacy
