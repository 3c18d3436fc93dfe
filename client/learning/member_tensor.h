// What grid_sum.h does, for tensors whose first axis splits into members, on whatever device they
// are.
#pragma once

#include <span>
#include <vector>

#include "client/learning/grid_sum.h"

namespace at {
class Tensor;
}

namespace mutual::client {

// `values` as a float32 tensor, without a copy and never written through.
at::Tensor TensorOf(std::span<const float> values, std::span<const int64_t> shape);

// squares[m] += ‖member m's part‖² in float64; one square for each equal part of the tensor.
void AddSquares(const at::Tensor& tensor, std::span<double> squares);

// Adds round(scale · Σ_m factors[m] · member m's part). Parts whose factor is 0 do not enter,
// whatever they hold.
void AddWeighted(const at::Tensor& tensor, std::span<const double> factors, GridSum sum);

// Each member's part times its factor, in float32; zeros where it is 0.
at::Tensor Scaled(const at::Tensor& tensor, std::span<const double> factors);

// tensor [members, T, n] -> products of all pairs of positions [members, T, T] in float64, on the
// CPU.
std::vector<double> GramsOf(const at::Tensor& tensor);

// Adds round(scale · value) of a float32 tensor.
void AddRoundedTensor(const at::Tensor& tensor, GridSum sum);

}  // namespace mutual::client
