// Loops of private training that LibTorch has no operator for: squares and sums in float64,
// rounding to the grid. Row-major float32 in; compiled for the processor's vector units.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mutual::client {

// Where clipped sums go: int64 grid units, `scale` of them a unit. The caller keeps `values` alive.
struct GridSum {
  double scale;
  std::span<int64_t> values;
  GridSum Part(size_t offset, size_t count) const { return {scale, values.subspan(offset, count)}; }
};

// Adds round(scale · value) to the sum, half to even. |scale · value| must be below 2^51.
void AddRounded(std::span<const float> values, GridSum sum);
void AddRounded(std::span<const double> values, GridSum sum);

// squares[i] += ‖row i‖² in float64; the rows are those of `values`, all of one length. Not finite
// when the row is not.
void AddRowSquares(std::span<const float> values, std::span<double> squares);

// Adds round(scale · Σ_m factors[m] · row m): float64 products, one rounding. Rows whose factor is
// 0 are not read.
void AddWeightedRows(std::span<const float> values, std::span<const double> factors, GridSum sum);

// scaled row i = factor of its member · row i as float32; zero, whatever the row holds, where the
// factor is 0.
void ScaleRows(std::span<const float> values, std::span<const double> factors,
               std::span<float> scaled);

// gram[t·T + s] = row t · row s in float64, T = rows, both triangles.
void GramOf(std::span<const float> values, int64_t rows, std::span<double> gram);

}  // namespace mutual::client
