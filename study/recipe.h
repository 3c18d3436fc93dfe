// The one interface behind every study: a bounded vector per member, a sum, a finish.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "study/result.h"
#include "study/schema.h"
#include "study/study_file.h"

namespace mutual::study {

// The released sum of one round in the recipe's own unit (dequantised).
struct ReleasedSum {
  std::vector<double> values;  // dimension() values
  double noise_stddev = 0;     // of each value: all counted nodes' noise together
  int nodes = 0;               // contributions counted
};

// Immutable and thread-safe after creation. Adding a recipe = one file that implements this,
// a case in MakeRecipe and in lint, and its test.
class Recipe {
 public:
  // Results of fewer than `min_nodes` contributions are withheld as a whole.
  explicit Recipe(int min_nodes) : min_nodes_(min_nodes) {}
  virtual ~Recipe() = default;
  virtual uint64_t dimension() const = 0;  // d
  // C: the L2 norm of MemberVector never exceeds it, for any rows whatever.
  virtual double member_bound() const = 0;
  // True when the member vector needs a model (training): then client/learning computes the
  // clipped sum and MemberVector is FAILED_PRECONDITION.
  virtual bool needs_model() const = 0;
  // Writes v_m (dimension() values, overwritten) for one member's rows (at most max_rows). An empty
  // slot, or rows with nothing usable, is the zero vector. Never fails on data.
  virtual absl::Status MemberVector(const MemberRows& rows, std::span<double> out) const = 0;
  // Statistics: the result. Training: the result of the last round's evaluation part, if any.
  // Holds the release rules (study/release_rule.h). INTERNAL when the sum has another length.
  absl::StatusOr<Result> Finish(const ReleasedSum& sum) const;

 private:
  // Finish, for a sum of dimension() values.
  virtual Result Read(const ReleasedSum& sum) const = 0;
  int min_nodes_;
};

absl::StatusOr<std::unique_ptr<Recipe>> MakeRecipe(const Study& study);

// Training: layout of the round's vector. values[0, parameters) is the clipped gradient sum; with a
// clip that adapts (study/clip_rule.h), one more: clip_count_scale · Σ (unclipped − 1/2); with
// evaluation, three more: C/√3 · Σ (1, loss/loss_bound clamped to [0,1], correct).
struct TrainVector {
  uint64_t parameters;
  bool has_clip_count;
  double clip_count_scale;  // w·C_1
  bool has_evaluation;
  double evaluation_scale;  // C/√3
  double loss_bound;        // public cap of one member's mean loss
  uint64_t evaluation_at() const { return parameters + (has_clip_count ? 1 : 0); }
  uint64_t size() const { return evaluation_at() + (has_evaluation ? 3 : 0); }
};
TrainVector TrainVectorOf(const Study& study);

}  // namespace mutual::study
