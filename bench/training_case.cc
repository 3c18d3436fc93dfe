#include "bench/training_case.h"

namespace mutual::bench {
namespace {

using client::LossKind;
using study::LayerKind;
using study::LayerSpec;

constexpr int64_t kVocabulary = 10000;

LayerSpec Linear(int64_t in, int64_t out) {
  return {.kind = LayerKind::kLinear, .in = in, .out = out};
}

client::StepPlan Mlp(const std::vector<int64_t>& widths, int64_t rows) {
  client::StepPlan plan{.inputs = widths[0], .rows = rows, .loss = LossKind::kSoftmax};
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    if (i > 0) plan.layers.push_back({.kind = LayerKind::kRelu});
    plan.layers.push_back(Linear(widths[i], widths[i + 1]));
  }
  return plan;
}

// The small network of the published MNIST figures, 26,010 parameters.
client::StepPlan Cnn() {
  return {
      .layers = {{.kind = LayerKind::kReshape, .shape = {1, 28, 28}},
                 {.kind = LayerKind::kConvolution2d,
                  .in = 1,
                  .out = 16,
                  .kernel = 8,
                  .stride = 2,
                  .padding = 3},
                 {.kind = LayerKind::kRelu},
                 {.kind = LayerKind::kMaxPool2d, .kernel = 2, .stride = 1},
                 {.kind = LayerKind::kConvolution2d, .in = 16, .out = 32, .kernel = 4, .stride = 2},
                 {.kind = LayerKind::kRelu},
                 {.kind = LayerKind::kMaxPool2d, .kernel = 2, .stride = 1},
                 {.kind = LayerKind::kReshape, .shape = {512}},
                 Linear(512, 32),
                 {.kind = LayerKind::kRelu},
                 Linear(32, 10)},
      .inputs = 784,
      .loss = LossKind::kSoftmax};
}

client::StepPlan Words(std::vector<LayerSpec> layers, int64_t length) {
  return {.layers = std::move(layers), .inputs = length, .loss = LossKind::kSoftmax};
}

LayerSpec Embedding(LayerKind kind, int64_t width) {
  return {.kind = kind, .in = kVocabulary, .out = width};
}

client::StepPlan Transformer() {
  std::vector<LayerSpec> layers = {Embedding(LayerKind::kEmbedding, 128)};
  for (int block = 0; block < 2; ++block) {
    layers.push_back({.kind = LayerKind::kResidual,
                      .inner = {{.kind = LayerKind::kLayerNorm, .in = 128},
                                {.kind = LayerKind::kAttention, .in = 128, .parts = 4}}});
    layers.push_back({.kind = LayerKind::kResidual,
                      .inner = {{.kind = LayerKind::kLayerNorm, .in = 128},
                                Linear(128, 512),
                                {.kind = LayerKind::kRelu},
                                Linear(512, 128)}});
  }
  layers.push_back({.kind = LayerKind::kMeanPool});
  layers.push_back(Linear(128, 2));
  return Words(std::move(layers), 64);
}

}  // namespace

std::vector<TrainingCase> TrainingCases() {
  client::StepPlan logistic{
      .layers = {Linear(1000, 1)}, .inputs = 1000, .loss = LossKind::kLogistic};
  client::StepPlan linear{.layers = {Linear(1024, 1)}, .inputs = 1024, .loss = LossKind::kSquared};
  return {
      {"linear 1024", linear, 512, 1.3},
      {"logistic 1000", logistic, 512, 2.2},
      {"mlp 100-256-256-10", Mlp({100, 256, 256, 10}, 1), 512, 1.6},
      {"mlp 100-256-256-10, batch 64", Mlp({100, 256, 256, 10}, 1), 64, 2.37},
      {"mlp 100-256-256-10, 8 rows a member", Mlp({100, 256, 256, 10}, 8), 64, 2.4},
      {"mlp 1024-2048-2048-1024-10", Mlp({1024, 2048, 2048, 1024, 10}, 1), 512, 1.3},
      {"wide mlp 1024-2304-2304-1024-10", Mlp({1024, 2304, 2304, 1024, 10}, 1), 512, 1.2},
      {"cnn 28x28", Cnn(), 512, 2},
      {"embedding mean, 128 words",
       Words({Embedding(LayerKind::kEmbeddingMean, 64),
              Linear(64, 64),
              {.kind = LayerKind::kRelu},
              Linear(64, 2)},
             128),
       512, 2, true, kVocabulary},
      {"gru text, 64 words, batch 64",
       Words({Embedding(LayerKind::kEmbedding, 64),
              {.kind = LayerKind::kGru, .in = 64, .out = 128},
              {.kind = LayerKind::kLast},
              Linear(128, 2)},
             64),
       64, 3, true, kVocabulary},
      {"transformer, 2 layers, 64 words", Transformer(), 512, 1.5, true, kVocabulary},
  };
}

}  // namespace mutual::bench
