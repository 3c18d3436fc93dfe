// Models and batches for tests of private training.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "client/learning/clipped_step.h"

namespace mutual::client {

inline study::LayerSpec LinearOf(int64_t in, int64_t out) {
  return {.kind = study::LayerKind::kLinear, .in = in, .out = out};
}
inline study::LayerSpec Plain(study::LayerKind kind) { return {.kind = kind}; }
inline study::LayerSpec ReshapeTo(std::vector<int64_t> shape) {
  return {.kind = study::LayerKind::kReshape, .shape = std::move(shape)};
}

// A small model of each family; `size` from 1 varies every width.
inline std::vector<study::LayerSpec> SampleLayers(const std::string& family, int64_t size,
                                                  int64_t outputs, int64_t* inputs) {
  using study::LayerKind;
  *inputs = size + 2;
  if (family == "linear") return {LinearOf(*inputs, outputs)};
  if (family == "mlp") {
    return {LinearOf(*inputs, 2 * size), Plain(LayerKind::kTanh), LinearOf(2 * size, size + 1),
            Plain(LayerKind::kRelu), LinearOf(size + 1, outputs)};
  }
  if (family == "categories") {
    *inputs = size + 2;
    return {{.kind = LayerKind::kCategories, .in = size, .tables = {{4, 3}, {7, size}}},
            LinearOf(2 * size + 3, outputs)};
  }
  if (family == "conv1d") {
    *inputs = 2 * (size + 4);
    return {ReshapeTo({2, size + 4}),
            {.kind = LayerKind::kConvolution1d,
             .in = 2,
             .out = 2 * size,
             .kernel = 3,
             .stride = 1 + size % 2,
             .padding = 1},
            Plain(LayerKind::kTanh),
            ReshapeTo({2 * size * ((size + 3) / (1 + size % 2) + 1)}),
            LinearOf(2 * size * ((size + 3) / (1 + size % 2) + 1), outputs)};
  }
  if (family == "conv2d") {
    const int64_t side = size + 5, pooled = (side - 2) / 2;
    *inputs = side * side;
    return {
        ReshapeTo({1, side, side}),
        {.kind = LayerKind::kConvolution2d, .in = 1, .out = 2 * size, .kernel = 3},
        {.kind = LayerKind::kGroupNorm, .in = 2 * size, .parts = size},
        Plain(LayerKind::kRelu),
        {.kind = LayerKind::kMaxPool2d, .kernel = 2, .stride = 2},
        {.kind = LayerKind::kConvolution2d, .in = 2 * size, .out = 3, .kernel = 3, .padding = 1},
        ReshapeTo({3 * pooled * pooled}),
        LinearOf(3 * pooled * pooled, outputs)};
  }
  *inputs = size + 3;  // words
  if (family == "bag") {
    return {{.kind = LayerKind::kEmbeddingMean, .in = 9, .out = size + 1},
            LinearOf(size + 1, outputs)};
  }
  const study::LayerSpec words{.kind = LayerKind::kEmbedding, .in = 9, .out = 2 * size};
  if (family == "gru") {
    return {words,
            {.kind = LayerKind::kGru, .in = 2 * size, .out = size + 1},
            Plain(LayerKind::kLast),
            LinearOf(size + 1, outputs)};
  }
  return {words,  // attention
          {.kind = LayerKind::kResidual,
           .inner = {{.kind = LayerKind::kLayerNorm, .in = 2 * size},
                     {.kind = LayerKind::kAttention, .in = 2 * size, .parts = 2}}},
          {.kind = LayerKind::kResidual,
           .inner = {LinearOf(2 * size, 5), Plain(LayerKind::kTanh), LinearOf(5, 2 * size)}},
          Plain(LayerKind::kMeanPool),
          LinearOf(2 * size, outputs)};
}

inline bool HasWords(const std::string& family) {
  return family == "bag" || family == "gru" || family == "attention";
}

inline std::vector<float> SampleModel(const std::vector<study::LayerSpec>& layers,
                                      std::mt19937_64& random) {
  std::vector<float> model;
  std::uniform_real_distribution<double> unit(-1, 1);
  for (const study::TensorShape& tensor : study::TensorsOf(layers)) {
    for (int64_t i = 0; i < tensor.size(); ++i) {
      const double centre = tensor.start == study::TensorStart::kOne ? 1 : 0;
      model.push_back(static_cast<float>(
          centre + unit(random) / std::sqrt(static_cast<double>(tensor.fan_in) + 1)));
    }
  }
  return model;
}

// `members` members with 1 to plan.rows rows in a batch of `places`; the other places are empty.
inline Batch SampleBatch(const StepPlan& plan, const std::string& family, int64_t places,
                         int64_t members, std::mt19937_64& random) {
  const auto rows = static_cast<size_t>(places * plan.rows),
             width = static_cast<size_t>(plan.inputs);
  Batch batch{std::vector<float>(rows * width, 0), std::vector<float>(rows, 0),
              std::vector<float>(rows, 0)};
  std::uniform_real_distribution<double> unit(-1, 1);
  const size_t first_category = family == "categories" ? width - 2 : width;
  for (int64_t m = 0; m < members; ++m) {
    const int64_t own = 1 + static_cast<int64_t>(random() % static_cast<uint64_t>(plan.rows));
    for (int64_t r = 0; r < own; ++r) {
      const auto row = static_cast<size_t>(m * plan.rows + r);
      for (size_t k = 0; k < width; ++k) {
        const bool is_index = HasWords(family) || k >= first_category;
        batch.inputs[row * width + k] =
            is_index ? static_cast<float>(random() % (HasWords(family) ? 9 : 4))
                     : static_cast<float>(unit(random));
      }
      batch.weights[row] = 1.0F / static_cast<float>(own);
      batch.targets[row] = static_cast<float>(random() % 2);
    }
  }
  return batch;
}

}  // namespace mutual::client
