#include "client/learning/member_tensor.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace mutual::client {
namespace {

// From here on LibTorch's float64 product beats the plain loop.
constexpr int64_t kLongGram = 32;

std::span<const float> Values(const at::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<size_t>(tensor.numel())};
}

at::Tensor FactorsOn(const at::Tensor& tensor, std::span<const double> factors) {
  const at::Tensor on_cpu =
      at::from_blob(const_cast<double*>(factors.data()), {static_cast<int64_t>(factors.size()), 1},
                    at::TensorOptions().dtype(at::kDouble));
  return on_cpu.to(tensor.device());
}

void CopyOut(const at::Tensor& tensor, std::span<double> to) {
  const at::Tensor here = tensor.to(at::kCPU, at::kDouble).contiguous();
  std::copy_n(here.data_ptr<double>(), to.size(), to.begin());
}

}  // namespace

at::Tensor TensorOf(std::span<const float> values, std::span<const int64_t> shape) {
  return at::from_blob(const_cast<float*>(values.data()),
                       at::IntArrayRef(shape.data(), shape.size()),
                       at::TensorOptions().dtype(at::kFloat));
}

void AddSquares(const at::Tensor& tensor, std::span<double> squares) {
  const at::Tensor whole = tensor.contiguous();
  if (whole.device().is_cpu()) return AddRowSquares(Values(whole), squares);
  std::vector<double> found(squares.size());
  CopyOut(whole.view({static_cast<int64_t>(squares.size()), -1}).to(at::kDouble).square().sum(1),
          found);
  for (size_t m = 0; m < found.size(); ++m) squares[m] += found[m];
}

void AddWeighted(const at::Tensor& tensor, std::span<const double> factors, GridSum sum) {
  const at::Tensor whole = tensor.contiguous();
  if (whole.device().is_cpu()) return AddWeightedRows(Values(whole), factors, sum);
  const at::Tensor weights = FactorsOn(whole, factors);
  const at::Tensor rows = whole.view({static_cast<int64_t>(factors.size()), -1}).to(at::kDouble);
  const at::Tensor kept = at::where(weights == 0, at::zeros({}, rows.options()), rows);
  std::vector<double> total(sum.values.size());
  CopyOut((kept * weights).sum(0), total);
  AddRounded(std::span<const double>(total), sum);
}

at::Tensor Scaled(const at::Tensor& tensor, std::span<const double> factors) {
  const at::Tensor whole = tensor.contiguous();
  at::Tensor scaled = at::empty_like(whole);
  if (whole.device().is_cpu()) {
    ScaleRows(Values(whole), factors,
              {scaled.data_ptr<float>(), static_cast<size_t>(scaled.numel())});
    return scaled;
  }
  const at::Tensor weights = FactorsOn(whole, factors);
  const at::Tensor rows = whole.view({static_cast<int64_t>(factors.size()), -1});
  const at::Tensor kept = at::where(weights == 0, at::zeros({}, rows.options()), rows);
  return (kept * weights.to(at::kFloat)).view(whole.sizes());
}

std::vector<double> GramsOf(const at::Tensor& tensor) {
  const int64_t members = tensor.size(0), positions = tensor.size(1);
  std::vector<double> grams(static_cast<size_t>(members * positions * positions));
  if (positions >= kLongGram || !tensor.device().is_cpu()) {
    const at::Tensor wide = tensor.to(at::kDouble);
    CopyOut(at::bmm(wide, wide.transpose(1, 2)), grams);
    return grams;
  }
  const at::Tensor whole = tensor.contiguous();
  const auto per_member = static_cast<size_t>(positions * tensor.size(2));
  const auto square = static_cast<size_t>(positions * positions);
  for (size_t m = 0; m < static_cast<size_t>(members); ++m) {
    GramOf(Values(whole).subspan(m * per_member, per_member), positions,
           std::span<double>(grams).subspan(m * square, square));
  }
  return grams;
}

void AddRoundedTensor(const at::Tensor& tensor, GridSum sum) {
  const at::Tensor here = tensor.cpu().contiguous();
  AddRounded(Values(here), sum);
}

}  // namespace mutual::client
