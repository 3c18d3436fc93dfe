#include "study/network.h"

#include <algorithm>

#include "base/status.h"

namespace mutual::study {
namespace {

using Layers = std::vector<LayerSpec>;

LayerSpec Linear(int64_t in, int64_t out) {
  return {.kind = LayerKind::kLinear, .in = in, .out = out};
}

LayerSpec Activation(const TrainSpec& spec) {
  return {.kind = spec.network.is_relu ? LayerKind::kRelu : LayerKind::kTanh};
}

// Hidden layers and the last one, behind `width` numbers.
void AddHead(const TrainSpec& spec, int64_t width, int64_t outputs, Layers* layers) {
  for (const int next : spec.hidden) {
    layers->push_back(Linear(width, next));
    layers->push_back(Activation(spec));
    width = next;
  }
  layers->push_back(Linear(width, outputs));
}

int64_t After(int64_t side, int64_t kernel, int64_t stride, int64_t padding) {
  return side + 2 * padding < kernel ? 0 : (side + 2 * padding - kernel) / stride + 1;
}

// The number of values that the convolutions leave of an image; 0: none.
int64_t AddConvolutions(const Column& image, const TrainSpec& spec, Layers* layers) {
  int64_t channels = image.channels, height = image.height, width = image.width;
  layers->push_back({.kind = LayerKind::kReshape, .shape = {channels, height, width}});
  for (const Convolution& c : spec.network.convolutions) {
    layers->push_back({.kind = LayerKind::kConvolution2d,
                       .in = channels,
                       .out = c.channels,
                       .kernel = c.kernel,
                       .stride = c.stride,
                       .padding = c.padding});
    channels = c.channels;
    height = After(height, c.kernel, c.stride, c.padding);
    width = After(width, c.kernel, c.stride, c.padding);
    if (spec.network.has_group_norm) {
      layers->push_back({.kind = LayerKind::kGroupNorm, .in = channels});
    }
    layers->push_back(Activation(spec));
    if (c.pool > 1) {
      layers->push_back({.kind = LayerKind::kMaxPool2d, .kernel = c.pool, .stride = c.pool_stride});
      height = After(height, c.pool, c.pool_stride, 0);
      width = After(width, c.pool, c.pool_stride, 0);
    }
    if (height < 1 || width < 1) return 0;
  }
  layers->push_back({.kind = LayerKind::kReshape, .shape = {channels * height * width}});
  return channels * height * width;
}

// Words become vectors, those of a row one vector; returns its width.
int64_t AddWords(const Column& text, const TrainSpec& spec, Layers* layers) {
  const int64_t known =
      1 + (text.buckets > 0 ? text.buckets : static_cast<int64_t>(text.vocabulary.size()));
  const NetworkSpec& network = spec.network;
  const bool is_mean = network.gru_width == 0;
  layers->push_back({.kind = is_mean ? LayerKind::kEmbeddingMean : LayerKind::kEmbedding,
                     .in = known,
                     .out = network.embedding_width});
  if (is_mean) return network.embedding_width;
  layers->push_back(
      {.kind = LayerKind::kGru, .in = network.embedding_width, .out = network.gru_width});
  layers->push_back({.kind = LayerKind::kLast});
  return network.gru_width;
}

int64_t AddCategories(const FeatureMap& features, const TrainSpec& spec, Layers* layers) {
  const std::vector<size_t> sizes = features.embedded_sizes();
  const auto plain = static_cast<int64_t>(features.input_count() - sizes.size());
  if (sizes.empty()) return plain;
  LayerSpec layer{.kind = LayerKind::kCategories, .in = plain};
  for (const size_t size : sizes) {
    layer.tables.emplace_back(static_cast<int64_t>(size), spec.network.embedding_width);
  }
  layers->push_back(layer);
  return plain + static_cast<int64_t>(sizes.size()) * spec.network.embedding_width;
}

}  // namespace

absl::StatusOr<Layers> LayersOf(const Schema& schema, const TrainSpec& spec,
                                const FeatureMap& features) {
  Layers layers;
  const auto outputs = std::max<int64_t>(1, static_cast<int64_t>(features.class_count()));
  int64_t width = 0;
  if (spec.model == ModelKind::kCnn || spec.model == ModelKind::kText) {
    const Column& column = schema.columns[static_cast<size_t>(schema.Find(spec.features[0]))];
    width = spec.model == ModelKind::kCnn ? AddConvolutions(column, spec, &layers)
                                          : AddWords(column, spec, &layers);
    if (width == 0) {
      return InvalidArgument(
          "the convolutions leave no pixel of a %d by %d image; use smaller kernels, strides or "
          "pools",
          column.width, column.height);
    }
  } else {
    width = AddCategories(features, spec, &layers);
  }
  AddHead(spec, width, outputs, &layers);
  return layers;
}

}  // namespace mutual::study
