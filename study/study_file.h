// The file that people vote on. Format: docs/STUDY_FILE.md. Identity: SHA-256 of its bytes.
#pragma once

#include <cstdint>
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

// count, mean and variance of `columns`, optionally per category of `by`. A member's value of
// a column is the mean over their rows.
struct MeanSpec {
  std::vector<std::string> columns;
  std::string by;  // empty, or a category column; a member counts in each category they have rows in
  // Ratio of two columns per member instead of plain values: "a/b" in `columns` means Σa/Σb with
  // bounds in `ratio_bounds` in the same position (lower, upper); NaN pair for plain columns.
  std::vector<std::pair<double, double>> ratio_bounds;
};

// Number of members per bin of one or two columns (public edges or categories). With
// several rows a member adds 1/rows to the bin of each row.
struct HistogramSpec {
  std::vector<std::string> columns;         // one or two
  std::vector<std::vector<double>> edges;   // per column, increasing; empty for a category column
  std::vector<double> quantiles;            // 1-D only, in (0,1)
};

enum class ModelKind { kLinear, kLogistic, kPoisson, kMlp };
enum class Optimizer { kSgd, kAdam };

struct TrainSpec {
  ModelKind model = ModelKind::kLinear;
  std::vector<std::string> features;  // feature expressions, see study/feature.h
  std::string target;                 // expression for linear/poisson/mlp regression; category column for logistic
  std::string target_class;           // logistic, mlp classification: the category that counts as 1; empty = regression
  std::vector<int> hidden;            // mlp: widths, tanh between
  int rounds = 0;
  Optimizer optimizer = Optimizer::kSgd;
  double learning_rate = 0;
  double momentum = 0;
  double weight_decay = 0;
  double averaging = 0;        // EMA decay, 0 = off
  double expected_members = 0; // declared public constant that divides the sum
  double evaluation_share = 0; // share of slots held out, 0 = no evaluation
};

using RecipeSpec = std::variant<MeanSpec, HistogramSpec, TrainSpec>;

// Every field is required in the file unless optional here; none has a silent default.
struct PrivacySpec {
  double noise_multiplier = 0;                // z, given or computed from target_epsilon_node
  std::optional<double> target_epsilon_node;  // when the file gave the target
  double delta = 0;
  double sampling_rate = 0;
  std::optional<double> clip;                 // train only: C of the gradient part
  int max_rows = 0;
};

struct CohortSpec {
  int min_nodes = 0;
  int assumed_colluders = 0;
  absl::Duration deadline;     // of one round
  absl::Duration join_window;  // organisations may accept for this long after the proposal
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

  uint64_t rounds() const;  // 1 for statistics
  bool expired(absl::Time now) const;
};

// One problem, with the line it stands on (0 when it concerns the whole file).
struct Problem {
  int line = 0;
  std::string code;     // e.g. UNKNOWN_KEY
  std::string message;  // found, wanted, next step
};

// The study, or every problem found. `now` decides expiry.
struct LintResult {
  std::optional<Study> study;     // present when there are no problems
  std::vector<Problem> problems;
  std::vector<Problem> warnings;  // e.g. saturation likely
};
LintResult Lint(std::string_view text, absl::Time now);

// As Lint without the expiry check (a node or auditor reads old studies); INVALID_ARGUMENT
// with code STUDY_INVALID and all problems in the message.
absl::StatusOr<Study> ParseStudy(std::string_view text);

}  // namespace mutual::study
