// The file that people vote on. Format: docs/STUDY_FILE.md. Identity: SHA-256 of its bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "base/study_cost.h"
#include "study/clip_rule.h"
#include "study/recipe_spec.h"
#include "study/schema.h"

namespace mutual::study {

// Every field is required in the file unless optional here; none has a silent default. Ranges are
// those of docs/STUDY_FILE.md.
struct PrivacySpec {
  double noise_multiplier = 0;                // z, given or computed from target_epsilon_node
  std::optional<double> target_epsilon_node;  // when the file gave the target
  double delta = 0;
  double sampling_rate = 0;
  std::optional<double> clip;         // train only: C of the gradient part
  std::optional<ClipRule> clip_rule;  // train only: `clip` is that of the first round
  int max_rows = 0;
};

struct CohortSpec {
  int min_nodes = 0;
  int assumed_colluders = 0;
  absl::Duration deadline;     // of one round
  absl::Duration join_window;  // organisations may accept for this long after the proposal
};

// Who holds the mask keys (docs/MASKING.md). The operator's nodes stand in the voted file because
// they count as colluders.
struct ScrutineerSpec {
  std::vector<std::string> organisations;   // 2 to 7, in the order that numbers them from 0
  int threshold = 0;                        // any so many can unmask
  std::vector<std::string> operator_nodes;  // run by whoever runs the coordinator; often none
};

struct Study {
  std::string text;  // exact bytes
  Digest digest;
  std::string title, purpose, benefit, contact, licence;
  absl::CivilDay expires;  // last day, UTC
  std::string table;       // which table of the node's node.toml
  Schema schema;
  RecipeSpec recipe;
  PrivacySpec privacy;
  CohortSpec cohort;
  ScrutineerSpec scrutineers;

  uint64_t rounds() const;  // 1 for statistics
  StudyCost cost() const;   // of all rounds
  bool expired(absl::Time now) const;
};

// One problem, with the line it stands on (1 when it concerns the whole file). Text is UTF-8.
struct Problem {
  int line = 0;
  std::string code;     // e.g. UNKNOWN_KEY
  std::string message;  // found, wanted, next step; one line
};

// The study, or every problem found. `now` decides expiry.
struct LintResult {
  std::optional<Study> study;  // present when there are no problems
  std::vector<Problem> problems;
  std::vector<Problem> warnings;  // SATURATION_LIKELY; the study may run all the same
};
// `solver` turns a target epsilon_node into a noise multiplier (privacy::NoiseMultiplierFor) for
// `sums` noised sums, those of all rounds; it is a parameter because this room may not include the
// accountant's. Never empty.
using NoiseSolver =
    std::function<absl::StatusOr<double>(double epsilon, double delta, double rate, uint64_t sums)>;
LintResult Lint(std::string_view text, absl::Time now, const NoiseSolver& solver);

// As Lint without the expiry check (a node or auditor reads old studies); INVALID_ARGUMENT
// with code STUDY_INVALID and all problems in the message.
absl::StatusOr<Study> ParseStudy(std::string_view text, const NoiseSolver& solver);

}  // namespace mutual::study
