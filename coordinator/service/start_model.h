// The model from which a training study begins: the public initial one, or a published model that
// the study names by digest.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/storage/content_store.h"
#include "coordinator/storage/journal.h"
#include "study/study_file.h"

namespace mutual::coordinator {

// Where published models stand; all outlive the object.
struct PublishedModels {
  Journal* journal;  // what finished studies of this federation published
  ContentStore* store;
  std::filesystem::path
      folder;  // the federation's; what its operator shared stands in public-models/
};

// Shares a model with every study of the federation: flat little-endian float32, tensors in the
// order of an exported model. It must be public: nodes fetch it, and its digest stands in studies.
// INVALID_ARGUMENT MODEL_NOT_FINITE.
absl::StatusOr<Digest> ShareModel(const PublishedModels& models, std::string_view bytes);

// OK when the study names no model, or a published one of its shape: NOT_FOUND
// START_MODEL_UNKNOWN, INVALID_ARGUMENT MODEL_SHAPE. Other content (contributions among it) is
// never a model ⚔.
absl::Status CheckStartModel(const PublishedModels& models, const study::Study& study);

// The parameters before round 1.
absl::StatusOr<std::vector<float>> StartModelOf(const ContentStore& store,
                                                const study::Study& study);

}  // namespace mutual::coordinator
