// Feature expressions: `column`, or `f(column)` with f in log, log1p, sqrt, square, raised to a
// public scale so that every input lies in [-1, 1]; a category column becomes one-hot inputs
// without its first category.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "study/schema.h"
#include "study/study_file.h"

namespace mutual::study {

// Turns rows into model inputs. Immutable; thread-safe.
class FeatureMap {
 public:
  static absl::StatusOr<FeatureMap> Create(const Schema& schema, const TrainSpec& spec);
  size_t input_count() const;                          // without the intercept
  const std::vector<std::string>& input_names() const;
  // inputs has input_count() values. False when a needed value is missing (the row counts as absent).
  bool Inputs(const MemberRows& rows, size_t row, std::span<double> inputs) const;
  // The target in model units: regression targets keep their own unit (log(wage) = ln of the
  // clamped wage); classification gives 0 or 1. False when missing.
  bool Target(const MemberRows& rows, size_t row, double* target) const;
  // Public bounds of the target after its transform.
  double target_lower() const;
  double target_upper() const;
  // How each input is computed, as text for docs and the model passport: "log1p(gain) scaled from [0, 11.5]".
  std::vector<std::string> Describe() const;

 private:
  struct Term {
    int column;
    int function;      // 0 identity, 1 log, 2 log1p, 3 sqrt, 4 square
    int category;      // one-hot index, or -1
    double centre, half_range;
  };
  std::vector<Term> terms_;
  std::vector<std::string> names_;
  std::vector<std::string> descriptions_;
  Term target_{};
  int target_category_ = -1;
  double target_lower_ = 0, target_upper_ = 0;
  std::vector<Column> columns_;
};

}  // namespace mutual::study
