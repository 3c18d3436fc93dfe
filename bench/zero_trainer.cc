// A learning module whose gradient sums are zero: rounds without training, without LibTorch.
#include "base/status.h"
#include "client/learning/trainer.h"

namespace mutual::bench {
namespace {

class ZeroTrainer final : public client::Trainer {
 public:
  absl::Status AddClippedSum(const client::TrainRound&, std::span<int64_t>) override {
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> DescribeScript(const std::string&) override {
    return absl::UnimplementedError("the zero trainer reads no models");
  }
  absl::Status ExportTorchScript(const study::Study&, std::span<const float>,
                                 const std::string&) override {
    return FailedPrecondition("this module trains nothing, so there is no model to write");
  }
};

}  // namespace
}  // namespace mutual::bench

extern "C" {
mutual::client::Trainer* MutualCreateTrainer(const mutual::client::TrainerOptions*) {
  return new mutual::bench::ZeroTrainer();
}
void MutualDestroyTrainer(mutual::client::Trainer* trainer) { delete trainer; }
}
