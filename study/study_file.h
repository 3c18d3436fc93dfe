// The file that people vote on. Format: docs/STUDY_FILE.md. Identity: SHA-256 of its bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "study/schema.h"

namespace mutual::study {

// A measure is a column (the mean over the member's rows) or a ratio factor·Σnumerator/Σdenominator
// over the member's rows, clamped into [lower, upper].
struct Measure {
  std::string name;
  std::string numerator;    // the column itself when there is no denominator
  std::string denominator;  // empty for a plain column
  double lower = 0, upper = 0;
  std::string unit;
  double factor = 1;  // e.g. 60 for "per hour" of minutes
};

// Count, mean and variance of each measure over members, optionally per category of `by`.
struct MeanSpec {
  std::vector<Measure> measures;
  std::string
      by;  // empty, or a category column; a member counts in each category they have rows in
};

// Number of members per bin of one or two measures (public edges or categories): the member's
// measure falls into one bin; a category column takes the member's most frequent category.
struct HistogramSpec {
  std::vector<Measure> measures;           // one or two; a category column has lower = upper = 0
  std::vector<std::vector<double>> edges;  // per measure, increasing; empty for a category column
  std::vector<double> quantiles;           // 1-D only, in (0,1)
};

enum class ModelKind { kLinear, kLogistic, kPoisson, kMlp };
enum class Optimizer { kSgd, kAdam };

struct TrainSpec {
  ModelKind model = ModelKind::kLinear;
  std::vector<std::string> features;  // feature expressions, see study/feature.h
  std::string target;  // expression for linear/poisson/mlp regression; category column for logistic
  std::string target_class;  // logistic, mlp classification: the category that counts as 1; empty =
                             // regression
  std::vector<int> hidden;   // mlp: widths, tanh between
  int rounds = 0;
  Optimizer optimizer = Optimizer::kSgd;
  double learning_rate = 0;
  double momentum = 0;
  double weight_decay = 0;
  double averaging = 0;         // EMA decay, 0 = off
  double expected_members = 0;  // declared public constant that divides the sum
  double evaluation_share = 0;  // share of slots held out, 0 = no evaluation
};

using RecipeSpec = std::variant<MeanSpec, HistogramSpec, TrainSpec>;

// Every field is required in the file unless optional here; none has a silent default. Ranges are
// those of docs/STUDY_FILE.md.
struct PrivacySpec {
  double noise_multiplier = 0;                // z, given or computed from target_epsilon_node
  std::optional<double> target_epsilon_node;  // when the file gave the target
  double delta = 0;
  double sampling_rate = 0;
  std::optional<double> clip;  // train only: C of the gradient part
  int max_rows = 0;
};

struct CohortSpec {
  int min_nodes = 0;
  int assumed_colluders = 0;
  absl::Duration deadline;     // of one round
  absl::Duration join_window;  // organisations may accept for this long after the proposal
};

// Who holds the mask keys (docs/MASKING.md). The operator's nodes stand in the voted file because they
// count as colluders.
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
// `solver` turns a target epsilon_node into a noise multiplier (privacy::NoiseMultiplierFor); it is
// a parameter because this room may not include the accountant's. Never empty.
using NoiseSolver = std::function<absl::StatusOr<double>(double epsilon, double delta, double rate,
                                                         uint64_t rounds)>;
LintResult Lint(std::string_view text, absl::Time now, const NoiseSolver& solver);

// As Lint without the expiry check (a node or auditor reads old studies); INVALID_ARGUMENT
// with code STUDY_INVALID and all problems in the message.
absl::StatusOr<Study> ParseStudy(std::string_view text, const NoiseSolver& solver);

}  // namespace mutual::study
