// Feature expressions: `column`, or `f(column)` with f in log, log1p, sqrt, square, raised to a
// public scale so that every input lies in [-1, 1]; a category column becomes one-hot inputs
// without its first category, or one index when it is embedded. An image or a text that the study
// lets be read becomes its pixels or the indexes of its words.
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
  // INVALID_ARGUMENT with the first problem of a feature or the target.
  static absl::StatusOr<FeatureMap> Create(const Schema& schema, const TrainSpec& spec);
  // Whether `text` is a feature of this schema; whether target and target_class suit the model.
  static absl::Status CheckFeature(const Schema& schema, const std::string& text);
  static absl::Status CheckTarget(const Schema& schema, const TrainSpec& spec);
  // Position of the column that an expression is computed from; -1 when it is malformed.
  static int ColumnOf(const Schema& schema, const std::string& text);
  // Whether two expressions are computed from one column. False when either is malformed.
  static bool SameColumn(const Schema& schema, const std::string& a, const std::string& b);
  // Whether the model takes one image or text column; and whether it may.
  static bool TakesWide(const Schema& schema, const TrainSpec& spec);
  static absl::Status CheckWide(const Schema& schema, const TrainSpec& spec);
  size_t input_count() const;  // without the intercept
  const std::vector<std::string>& input_names() const;
  // Input i is (its expression − centre)/half_range; 0 and 1 for a category.
  struct Scale {
    double centre, half_range;
  };
  Scale InputScale(size_t input) const;
  // inputs has input_count() values. False when a needed value is missing (the row counts as
  // absent).
  bool Inputs(const MemberRows& rows, size_t row, std::span<double> inputs) const;
  // The target in model units: regression targets keep their own unit (log(wage) = ln of the
  // clamped wage); classification gives 0 or 1. False when missing.
  bool Target(const MemberRows& rows, size_t row, double* target) const;
  // Categories of a target without target_class, each a class; 0 otherwise.
  size_t class_count() const { return class_count_; }
  // Sizes of the embedded columns' categories, whose indexes are the last inputs.
  std::vector<size_t> embedded_sizes() const;
  // Public bounds of the target after its transform.
  double target_lower() const;
  double target_upper() const;
  // How each input is computed, as text for the model's file: "(log1p(gain) - 5.76) / 5.76, column
  // clamped to [0, 100000]".
  std::vector<std::string> Describe() const;

 private:
  absl::Status AddTarget(const Schema& schema, const TrainSpec& spec);
  absl::Status AddClasses(const Column& column, const TrainSpec& spec);
  void AddEmbedded(const Schema& schema, const TrainSpec& spec);
  struct Term {
    int column;
    int function;  // 0 identity, 1 log, 2 log1p, 3 sqrt, 4 square
    int category;  // one-hot index, or -1
    double centre, half_range;
  };
  std::vector<Term> terms_;
  std::vector<std::string> names_;
  std::vector<std::string> descriptions_;
  Term target_{};
  int target_category_ = -1;
  size_t class_count_ = 0;
  std::vector<int> embedded_;  // columns
  int wide_ = -1;              // the image or text column
  double target_lower_ = 0, target_upper_ = 0;
  std::vector<Column> columns_;
};

}  // namespace mutual::study
