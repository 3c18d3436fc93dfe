// From kept contributions to what is published: add, centre, finish or take an optimizer step.
//
// Deterministic: the same files and the same study give the same bytes (docs/REPLAY.md). Memory is
// a few vectors, whatever the number of nodes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "aggregation/optimizer/optimizer.h"
#include "base/ids.h"
#include "study/early_stop.h"
#include "study/recipe.h"
#include "study/study_file.h"

namespace mutual::coordinator {

struct ReleaseInput {
  const study::Study* study;
  const study::Recipe* recipe;
  uint64_t round;
  int roster_size;
  std::vector<std::string>
      files;  // masked contributions counted: vector_length words, then padding
  aggregation::OptimizerState state;  // training: before this round
  std::vector<std::string> mask_files =
      {};                      // agreed class sums, one for each class, to be taken off
  double clip = 0;             // of this round, where the study's clip adapts
  study::StopState stop = {};  // before this round, where the study may end early
};

struct ReleaseOutput {
  Digest sum;                // SHA-256 of the centred sum, little-endian int32
  std::string model;         // training: bytes of the next model (of the averaged one at the end)
  std::string last_iterate;  // the last round with averaging: bytes of its own weights
  aggregation::OptimizerState state;  // training: after this round
  std::string result_json;            // statistics, and the last round of training
  bool is_last = false;               // the study ends with this round
  study::StopState stop;              // after this round
  double next_clip = 0;               // where the study's clip adapts: of the next round
};

// DATA_LOSS when a file is not as long as the vector.
// The input's optimizer state becomes the output's: memory is that state, one sum and one model.
absl::StatusOr<ReleaseOutput> ReleaseRound(ReleaseInput input);

// Canonical bytes of the model that training continues from: the float32 rounding of each
// parameter.
std::string ModelBytesOf(std::span<const double> parameters);

aggregation::OptimizerOptions OptionsOf(const study::TrainSpec& spec);

// Both epsilons of the whole study with `least_counted` contributions in its smallest round, as
// release entries state them.
struct PrivacyFigures {
  double epsilon_node, epsilon_public;
  int honest_nodes;
};
absl::StatusOr<PrivacyFigures> FiguresOf(const study::Study& study, int least_counted);
struct RunFacts {
  int least_counted;
  uint64_t rounds_run;  // fewer than the study's where it ended early
};
// The same as JSON, with the assumptions and the tighter figures of the second accountant (takes
// tens of milliseconds).
absl::StatusOr<std::string> PrivacyJson(const study::Study& study, const RunFacts& run);

}  // namespace mutual::coordinator
