#include "study/model.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "crypto/prg.h"
#include "study/feature.h"
#include "study/network.h"

namespace mutual::study {

static_assert(std::endian::native == std::endian::little, "models are little-endian on disk");

std::vector<TensorShape> ModelLayout::tensors() const {
  return script_tensors.empty() ? TensorsOf(layers) : script_tensors;
}

int64_t ModelLayout::parameter_count() const {
  int64_t total = 0;
  for (const TensorShape& tensor : tensors()) total += tensor.size();
  return total;
}

absl::StatusOr<ModelLayout> LayoutOf(const Study& study) {
  const TrainSpec* const spec = std::get_if<TrainSpec>(&study.recipe);
  if (spec == nullptr) return InvalidArgument("study %s trains no model", study.digest.Short());
  MUTUAL_ASSIGN_OR_RETURN(const FeatureMap features, FeatureMap::Create(study.schema, *spec));
  ModelLayout layout;
  layout.inputs = static_cast<int64_t>(features.input_count());
  layout.outputs = std::max<int64_t>(1, static_cast<int64_t>(features.class_count()));
  if (spec->model == ModelKind::kScript) {
    layout.script_tensors = spec->network.script_tensors;
    return layout;
  }
  MUTUAL_ASSIGN_OR_RETURN(layout.layers, LayersOf(study.schema, *spec, features));
  return layout;
}

std::vector<float> InitialModel(const Study& study, const ModelLayout& layout) {
  std::vector<float> parameters;
  const bool is_deep = layout.layers.size() > 1 || !layout.script_tensors.empty();
  const auto stream = crypto::KeyStream::Create(study.digest.bytes);
  for (const TensorShape& tensor : layout.tensors()) {
    const double limit = 1.0 / std::sqrt(static_cast<double>(tensor.fan_in));
    for (int64_t i = 0; i < tensor.size(); ++i) {
      double value = tensor.start == TensorStart::kOne ? 1 : 0;
      if (is_deep && tensor.start == TensorStart::kUniform) {
        std::array<uint8_t, 8> bytes;
        (*stream)->Fill(bytes);
        uint64_t word;
        std::memcpy(&word, bytes.data(), 8);
        value = limit * (static_cast<double>(word >> 11) * 0x1p-52 - 1.0);
      }
      parameters.push_back(static_cast<float>(value));
    }
  }
  return parameters;
}

std::string ModelBytes(std::span<const float> parameters) {
  return std::string(reinterpret_cast<const char*>(parameters.data()), parameters.size() * 4);
}

absl::StatusOr<std::vector<float>> ParseModel(std::string_view bytes, const ModelLayout& layout) {
  const auto wanted = static_cast<size_t>(layout.parameter_count());
  if (bytes.size() != wanted * 4) {
    return WithCode(InvalidArgument("the model has %d bytes, this study's has %d; the coordinator "
                                    "sent another model",
                                    bytes.size(), wanted * 4),
                    "MODEL_SHAPE");
  }
  std::vector<float> parameters(wanted);
  std::memcpy(parameters.data(), bytes.data(), bytes.size());
  for (const float parameter : parameters) {
    if (!std::isfinite(parameter)) {
      return WithCode(
          InvalidArgument("the model has a value that is no finite number; training has "
                          "diverged, propose a smaller learning rate"),
          "MODEL_NOT_FINITE");
    }
  }
  return parameters;
}

std::string ToSafetensors(const ModelLayout& layout, std::span<const float> parameters,
                          const std::vector<std::pair<std::string, std::string>>& metadata) {
  nlohmann::ordered_json header;
  for (const auto& [key, value] : metadata) header["__metadata__"][key] = value;
  int64_t offset = 0;
  for (const TensorShape& tensor : layout.tensors()) {
    header[tensor.name] = {{"dtype", "F32"},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset * 4, (offset + tensor.size()) * 4}}};
    offset += tensor.size();
  }
  std::string text = header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  text.append((8 - text.size() % 8) % 8, ' ');
  std::string file(8, '\0');
  const uint64_t size = text.size();
  std::memcpy(file.data(), &size, 8);
  return file + text + ModelBytes(parameters);
}

}  // namespace mutual::study
