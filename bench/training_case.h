// The models that bench/training measures.
#pragma once

#include <string>
#include <vector>

#include "client/learning/clipped_step.h"

namespace mutual::bench {

struct TrainingCase {
  std::string name;
  client::StepPlan plan;
  int64_t members;  // with plan.rows rows each
  double bar;       // most that a private step may cost in plain steps
  bool has_words = false;
  int64_t vocabulary = 0;
};

std::vector<TrainingCase> TrainingCases();

}  // namespace mutual::bench
