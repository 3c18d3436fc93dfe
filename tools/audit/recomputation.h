// The arithmetic of docs/REPLAY.md done again, from kept contributions to sum, result and model.
//
// Written apart from the coordinator's own, so that a mistake in one shows. Memory is a few
// vectors, whatever the number of contributions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "aggregation/optimizer/optimizer.h"
#include "base/ids.h"
#include "study/early_stop.h"
#include "study/recipe.h"
#include "study/study_file.h"
#include "transparency/study_terms.h"

namespace mutual::audit {

// The files of one round: little-endian 32-bit words, as many as the vector has, or its padding.
struct RoundFiles {
  int roster_size = 0;                     // n_max of the grid
  bool is_masked = false;                  // then short vectors are padded (docs/MASKING.md)
  std::vector<std::string> contributions;  // paths, those counted
  std::vector<std::string> class_sums;     // paths, one a mask class; subtracted
};

struct RoundOutput {
  Digest sum;                    // of the centred sum, little-endian int32
  std::optional<Digest> model;   // training
  std::optional<Digest> result;  // statistics, and the last round of training
};

// Not thread-safe.
class Recomputation {
 public:
  // INVALID_ARGUMENT STUDY_INVALID when the file has problems.
  static absl::StatusOr<Recomputation> Begin(std::string_view study_text);

  const study::Study& study() const { return study_; }
  transparency::StudyTerms Terms() const;    // what the log must say of the study
  std::optional<Digest> StartModel() const;  // training: what round 1 computes at
  // The published model that the study begins from, if it names one, and taking its bytes: before
  // round 1. MODEL_SHAPE or MODEL_NOT_FINITE when they are none of this study's.
  std::optional<Digest> NamedStart() const;
  absl::Status BeginAt(std::string_view model);

  // DATA_LOSS CONTENT_CORRUPT when a file is not as long as the vector, NOT_FOUND when it is
  // missing.
  absl::StatusOr<std::vector<uint32_t>> AddUp(const RoundFiles& files) const;
  static Digest DigestOf(const std::vector<uint32_t>& sum);
  // The next round, from 1, in order; errors as of AddUp.
  absl::StatusOr<RoundOutput> Next(const RoundFiles& files);
  // Where the study's clip adapts: what the next round must be started with.
  std::optional<double> clip() const { return clip_; }

 private:
  Recomputation(study::Study study, std::unique_ptr<study::Recipe> recipe)
      : study_(std::move(study)), recipe_(std::move(recipe)) {}
  bool EndsEarly(const study::ReleasedSum& sum);
  absl::Status Train(const study::ReleasedSum& sum, RoundOutput* output);
  absl::Status Finish(const study::ReleasedSum& sum, RoundOutput* output) const;

  study::Study study_;
  std::unique_ptr<study::Recipe> recipe_;
  uint64_t round_ = 0;
  aggregation::OptimizerState state_;
  std::optional<double> clip_;
  study::StopState stop_;
};

}  // namespace mutual::audit
