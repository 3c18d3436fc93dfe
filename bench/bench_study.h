// A training study whose rounds ask for a vector of a wanted length.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace mutual::bench {

struct StudyWanted {
  uint64_t values;  // of a contribution, 9 to 16 million
  int nodes;
  int rounds;
  std::string optimizer;  // "sgd" or "adam"
};

// The study file. The model is an mlp with two hidden layers, whose vector has (h1 + 2)·(h2 + 2)
// values: the nearest such number is taken. INVALID_ARGUMENT when `values` is out of range.
absl::StatusOr<std::string> StudyText(const StudyWanted& wanted);

}  // namespace mutual::bench
