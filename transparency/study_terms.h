// What a study asks and costs, as the entries propose, round-start and release repeat it.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/study_cost.h"
#include "transparency/entry.h"

namespace mutual::transparency {

struct StudyTerms {
  std::string recipe;            // its kind, e.g. mean; joint for several
  uint64_t vector_length = 0;    // values
  uint64_t rounds = 0;
  double noise_multiplier = 0;   // z of every node
  double sampling_rate = 0;
  double delta = 0;
  double member_bound = 0;       // C, the line "clip"
  uint64_t min_nodes = 0;
  uint64_t assumed_colluders = 0;
  uint64_t local_steps = 0;      // of a node in a round; 0: it sends the sum itself, no such line

  StudyCost cost() const { return {noise_multiplier, sampling_rate, rounds, local_steps}; }
  void AddTo(EntryWriter* writer) const;
  // INVALID_ARGUMENT or NOT_FOUND when a line is missing or malformed.
  static absl::StatusOr<StudyTerms> Of(const Entry& entry);
  bool operator==(const StudyTerms&) const = default;
};

}  // namespace mutual::transparency
