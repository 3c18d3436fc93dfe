// The layers of a model as data. Trainer, export and parameter list are all derived from them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace mutual::study {

// Where a tensor's values begin (docs/STUDY_FILE.md): zero, one, or uniform within ±1/sqrt(fan_in).
enum class TensorStart { kZero, kOne, kUniform };

struct TensorShape {
  std::string name;  // "layers.0.weight" [out, in], "layers.0.bias" [out]
  std::vector<int64_t> shape;
  TensorStart start = TensorStart::kZero;
  int64_t fan_in = 1;
  int64_t size() const;
};

enum class LayerKind {
  kLinear,         // [.., in] -> [.., out]
  kTanh,           // elementwise
  kRelu,           // elementwise
  kReshape,        // [n, ..] -> [n, shape..]
  kConvolution1d,  // [n, in, length] -> [n, out, length']; kernel, stride, padding
  kConvolution2d,  // [n, in, h, w] -> [n, out, h', w']
  kMaxPool2d,      // kernel, stride
  kMeanPool,       // [n, length, in] -> [n, in]
  kLast,           // [n, length, in] -> [n, in], the last position
  kLayerNorm,      // over the last axis, of size in
  kGroupNorm,      // [n, in, ..], `parts` groups of channels
  kEmbedding,  // [n, length] of indexes below in -> [n, length, out]; index 0 is padding, a zero
               // vector
  kEmbeddingMean,  // [n, length] -> [n, out]: mean of the vectors that are no padding
  kCategories,  // [n, in + tables] -> [n, in + widths]: plain numbers kept, each index replaced by
                // its vector
  kGru,         // [n, length, in] -> [n, length, out], as torch.nn.GRU
  kAttention,   // [n, length, in] -> the same; `parts` heads, self-attention with packed projection
  kResidual,    // x + inner(x)
};

// One layer; fields that its kind does not name are unused.
struct LayerSpec {
  LayerKind kind = LayerKind::kTanh;
  int64_t in = 0, out = 0;
  int64_t kernel = 1, stride = 1, padding = 0;
  int64_t parts = 1;
  std::vector<int64_t> shape = {};
  std::vector<std::pair<int64_t, int64_t>> tables = {};  // (categories, width)
  std::vector<LayerSpec> inner = {};
};

// The parameters of `layers` in flat order; "layers.N." counts the layers that have parameters, a
// residual's inner ones in their place.
std::vector<TensorShape> TensorsOf(const std::vector<LayerSpec>& layers);

// Statements of TorchScript that turn `x` [n, inputs] into the output; parameters are attributes
// named as the tensors with "_" for ".".
std::string TorchScriptOf(const std::vector<LayerSpec>& layers);

}  // namespace mutual::study
