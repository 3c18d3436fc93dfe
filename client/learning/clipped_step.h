// One batch's clipped sum of per-member gradients of a model given as layers, without LibTorch in
// the interface.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/learning/grid_sum.h"
#include "study/layer.h"

namespace mutual::client {

// Of a row's output o and target y, weighted by the row: (o−y)²/2; logistic with y in {0, 1}; e^o −
// y·o with |o| <= 20; cross-entropy of softmax(o) with y the class.
enum class LossKind { kSquared, kLogistic, kPoisson, kSoftmax };

struct StepPlan {
  std::vector<study::LayerSpec> layers = {};
  int64_t inputs = 0;        // numbers of one row
  int64_t rows = 1;          // places for rows of every member
  double sampling_rate = 1;  // of members in a round
  int64_t places = 1 << 20;  // of members that there are at all: a batch need not be larger
  LossKind loss = LossKind::kSquared;
  double clip = 1;             // C
  std::string device = "cpu";  // or "cuda", "cuda:1"; sums and rounding stay on the CPU
  std::string script = "";     // a TorchScript file instead of layers, read when the step is made
  int64_t outputs = 1;         // of a script
  bool script_by_member = false;  // one backward pass a member even where vmap could do all at once
  std::vector<study::TensorShape> script_tensors = {};  // the parameters that it must have
};

// batch_members() members: inputs [members · rows · inputs], targets and weights [members · rows].
// Rows of weight 0 are absent; their other numbers are not used. A member's weights sum to 1 for a
// mean over rows.
struct Batch {
  std::vector<float> inputs, targets, weights;
};

// Per row of a batch. correct: 1 or 0 for classes; 1 − (o−y)², at least 0, for kSquared; 0 for
// kPoisson.
struct RowResults {
  std::vector<double> loss, correct;
};

// Members of a batch with a row that counts and a gradient that is finite, and those of them whose
// gradient entered as it was.
struct ClipCount {
  int64_t present = 0, unclipped = 0;
};

// Float32 with float64 norms. The batch's size and ρ depend on the plan alone, such that η of
// PRIVACY.md section 2 is at most kLargestEta. Not thread-safe. LibTorch's exceptions become
// INTERNAL.
class ClippedStep {
 public:
  static constexpr double kLargestEta = 1.0 / 64;
  virtual ~ClippedStep() = default;
  // INVALID_ARGUMENT when the layers do not fit together or the device is not there.
  static absl::StatusOr<std::unique_ptr<ClippedStep>> Create(const StepPlan& plan);
  virtual int64_t batch_members() const = 0;
  virtual int64_t parameter_count() const = 0;
  // T of the products that sum over the batch's members in float32; 0 where every layer sums by
  // members.
  virtual int64_t shared_positions() const = 0;
  virtual double rho() const = 0;
  virtual double eta() const = 0;
  // parameter_count() values that outlive their use.
  virtual void Bind(std::span<const float> model) = 0;
  // Adds Σ_m c_m · gradient_m, rounded, to `sum`. Each member's part has norm at most C whatever
  // the rows hold.
  virtual absl::StatusOr<ClipCount> AddGradients(const Batch& batch, GridSum sum) = 0;
  virtual absl::Status Evaluate(const Batch& batch, RowResults* results) = 0;
};

// The count for `batch`, from its members' clip factors.
ClipCount CountUnclipped(const Batch& batch, std::span<const double> factors);

}  // namespace mutual::client
