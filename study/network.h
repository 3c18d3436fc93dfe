// From a study's keys to layers.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "study/feature.h"
#include "study/layer.h"
#include "study/study_file.h"

namespace mutual::study {

// INVALID_ARGUMENT when a convolution or pooling leaves no pixel.
absl::StatusOr<std::vector<LayerSpec>> LayersOf(const Schema& schema, const TrainSpec& spec,
                                                const FeatureMap& features);

}  // namespace mutual::study
