#include "client/learning/grid_sum.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

// One function, compiled for several processors; the program picks when it is loaded.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define MUTUAL_VECTORISED __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MUTUAL_VECTORISED
#endif

namespace mutual::client {
namespace {

// Adding 1.5·2^52 leaves the integer nearest to a double in its last bits.
constexpr double kMagic = 0x1.8p52;
constexpr size_t kLanes = 16;
constexpr size_t kBlock = 1024;

inline int64_t Rounded(double value) {
  return std::bit_cast<int64_t>(value + kMagic) - std::bit_cast<int64_t>(kMagic);
}

MUTUAL_VECTORISED void AddRoundedFloats(const float* values, size_t count, double scale,
                                        int64_t* sum) {
  for (size_t i = 0; i < count; ++i) sum[i] += Rounded(scale * static_cast<double>(values[i]));
}

MUTUAL_VECTORISED void AddRoundedDoubles(const double* values, size_t count, double scale,
                                         int64_t* sum) {
  for (size_t i = 0; i < count; ++i) sum[i] += Rounded(scale * values[i]);
}

MUTUAL_VECTORISED double Dot(const float* a, const float* b, size_t count) {
  double lanes[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (size_t k = 0; k < kLanes; ++k) {
      lanes[k] += static_cast<double>(a[i + k]) * static_cast<double>(b[i + k]);
    }
  }
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  for (; i < count; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

MUTUAL_VECTORISED void AddScaled(const float* values, size_t count, double factor, double* sum) {
  for (size_t i = 0; i < count; ++i) sum[i] += factor * static_cast<double>(values[i]);
}

MUTUAL_VECTORISED void Scale(const float* values, size_t count, float factor, float* scaled) {
  for (size_t i = 0; i < count; ++i) scaled[i] = factor * values[i];
}

}  // namespace

void AddRounded(std::span<const float> values, GridSum sum) {
  AddRoundedFloats(values.data(), values.size(), sum.scale, sum.values.data());
}

void AddRounded(std::span<const double> values, GridSum sum) {
  AddRoundedDoubles(values.data(), values.size(), sum.scale, sum.values.data());
}

void AddRowSquares(std::span<const float> values, std::span<double> squares) {
  const size_t width = values.size() / squares.size();
  for (size_t i = 0; i < squares.size(); ++i) {
    const float* const row = values.data() + i * width;
    squares[i] += Dot(row, row, width);
  }
}

void AddWeightedRows(std::span<const float> values, std::span<const double> factors, GridSum sum) {
  const size_t width = values.size() / factors.size();
  std::array<double, kBlock> block;
  for (size_t first = 0; first < width; first += kBlock) {
    const size_t count = std::min(kBlock, width - first);
    std::fill_n(block.begin(), count, 0.0);
    for (size_t m = 0; m < factors.size(); ++m) {
      if (factors[m] != 0)
        AddScaled(values.data() + m * width + first, count, factors[m], block.data());
    }
    AddRounded(std::span<const double>(block.data(), count), sum.Part(first, count));
  }
}

void ScaleRows(std::span<const float> values, std::span<const double> factors,
               std::span<float> scaled) {
  const size_t width = values.size() / factors.size();
  for (size_t m = 0; m < factors.size(); ++m) {
    float* const row = scaled.data() + m * width;
    if (factors[m] == 0) {
      std::fill_n(row, width, 0.0F);  // set, not multiplied: 0·∞ is NaN
    } else {
      Scale(values.data() + m * width, width, static_cast<float>(factors[m]), row);
    }
  }
}

void GramOf(std::span<const float> values, int64_t rows, std::span<double> gram) {
  const auto count = static_cast<size_t>(rows);
  const size_t width = values.size() / count;
  for (size_t t = 0; t < count; ++t) {
    for (size_t s = 0; s <= t; ++s) {
      const double product = Dot(values.data() + t * width, values.data() + s * width, width);
      gram[t * count + s] = product;
      gram[s * count + t] = product;
    }
  }
}

}  // namespace mutual::client
