// The clipped sum of per-member gradients, behind an interface that needs no LibTorch.
//
// The implementation lives in libmutual-learning.so, opened only when a study trains, so that
// an idle node does not hold LibTorch in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "study/recipe.h"
#include "study/schema.h"
#include "study/study_file.h"

namespace mutual::client {

// One round's work. `slots[i]` are the rows of slot i (no rows when empty or withdrawn);
// `sampled[i]` its coin; `held_out[i]` whether it belongs to the evaluation part. All have the
// slot table's size. `model`: flat float32 parameters. `scale`: grid units per unit.
struct TrainRound {
  const study::Study* study;
  std::span<const float> model;
  std::span<const study::MemberRows> slots;
  std::vector<bool> sampled;
  std::vector<bool> held_out;
  double scale;
  // Of this round, where the study's clip adapts: C_t of study/clip_rule.h.
  std::optional<double> clip = std::nullopt;
};

// Where a trainer computes and finds imported models.
struct TrainerOptions {
  std::string device = "auto";  // "cpu", "cuda", "cuda:1"; "auto": the first CUDA device if
                                // LibTorch has one, else cpu
  std::string scripts = "";     // folder of TorchScript files, each named DIGEST.pt
};

// Not thread-safe.
class Trainer {
 public:
  virtual ~Trainer() = default;
  // Adds the round's vector (TrainVectorOf(study).size() numbers) in grid units to `sum`: fixed
  // batches of slots, those not sampled as zero members, float32 with float64 norms, safe norms,
  // one rounding per batch (PRIVACY.md section 2). INTERNAL when LibTorch fails.
  virtual absl::Status AddClippedSum(const TrainRound& round, std::span<int64_t> sum) = 0;
  // Writes a TorchScript module file: forward(inputs [n, k] float32) -> [n] prediction (probability
  // for classification, rate for poisson).
  virtual absl::Status ExportTorchScript(const study::Study& study, std::span<const float> model,
                                         const std::string& path) = 0;
  // The lines of [recipe] that name the TorchScript file at `path`: its digest and parameters.
  // INVALID_ARGUMENT SCRIPT_REFUSED when no study may use it.
  virtual absl::StatusOr<std::string> DescribeScript(const std::string& path) = 0;
};

struct TrainerDeleter {
  void (*destroy)(Trainer*) = nullptr;
  void operator()(Trainer* trainer) const { destroy(trainer); }
};
using TrainerPtr = std::unique_ptr<Trainer, TrainerDeleter>;

// Opens libmutual-learning.so from MUTUAL_LEARNING if set, else ../lib or . beside the program.
// NOT_FOUND with code LEARNING_MISSING and what to install when it cannot be opened, DEVICE_MISSING
// when LibTorch has no such device.
absl::StatusOr<TrainerPtr> LoadTrainer(const TrainerOptions& options = {});

}  // namespace mutual::client
