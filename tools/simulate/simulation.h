// Whole simulations: one study, repeated, each time in a federation of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "study/study_file.h"
#include "tools/simulate/cast.h"
#include "tools/simulate/course.h"
#include "tools/simulate/misdeed.h"
#include "tools/simulate/progress.h"
#include "tools/simulate/ranks.h"

namespace mutual::simulate {

struct SimulationRequest {
  std::string study_file;
  DataRequest data;
  uint64_t seed = 1;
  int repeats = 1;
  double drop_out = 0, slow = 0;
  std::vector<Misdeeds> misdeeds;
  bool has_noise = true;
  std::filesystem::path out;      // empty: nothing is kept
  std::filesystem::path scratch;  // parent of what is written meanwhile
  int jobs = 0;                   // repeats at a time; 0: as many as there are cores
  bool is_chatty = false;         // what coordinator and nodes say goes to stderr
  bool shows_progress = false;
};

// What a simulation found. The same for the same request, whatever the number of ranks and jobs.
struct SimulationReport {
  study::Study study;
  size_t organisations = 0;
  uint64_t members = 0;
  std::vector<nlohmann::ordered_json> repeats;  // ToJson of each outcome, in order
};

// Rank 0's report; the others' has no repeats. INVALID_ARGUMENT STUDY_INVALID and SIMULATE_OPTIONS;
// errors of Cast and VirtualFederation. With `out`, the first repeat's log, content and policy are
// copied there.
absl::StatusOr<SimulationReport> Simulate(const SimulationRequest& request, Ranks& ranks);

nlohmann::ordered_json ToJson(const StudyOutcome& outcome);

}  // namespace mutual::simulate
