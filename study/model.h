// A model as data: named tensors in one flat float32 vector.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ids.h"
#include "study/layer.h"
#include "study/study_file.h"

namespace mutual::study {

// A closed-list model as layers. Flat order: layers.0.weight (row-major), layers.0.bias,
// layers.1.weight, …
struct ModelLayout {
  int64_t inputs = 0;   // numbers of one row
  int64_t outputs = 1;  // 1, or one for each class
  std::vector<LayerSpec> layers;
  std::vector<TensorShape> script_tensors = {};  // of an imported model, which has no layers
  std::vector<TensorShape> tensors() const;
  int64_t parameter_count() const;
};
absl::StatusOr<ModelLayout> LayoutOf(const Study& study);

// Deterministic public start: zeros where there is one layer; else as TensorShape::start says, from
// AES-CTR keyed by the study digest. Regression models predict (target − centre)/half range of the
// target's public bounds.
std::vector<float> InitialModel(const Study& study, const ModelLayout& layout);

// Canonical bytes of a model: little-endian float32 in flat order. Its SHA-256 is its identity.
std::string ModelBytes(std::span<const float> parameters);
// INVALID_ARGUMENT MODEL_SHAPE when the size differs, MODEL_NOT_FINITE on NaN or infinity.
absl::StatusOr<std::vector<float>> ParseModel(std::string_view bytes, const ModelLayout& layout);

// safetensors file bytes with `metadata` as string pairs; bytes of theirs that are not UTF-8 become
// U+FFFD.
std::string ToSafetensors(const ModelLayout& layout, std::span<const float> parameters,
                          const std::vector<std::pair<std::string, std::string>>& metadata);

}  // namespace mutual::study
