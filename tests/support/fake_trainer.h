// A trainer without LibTorch, whose sums are whatever a test says.
#pragma once

#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "client/learning/trainer.h"

namespace mutual::testing {

// Adds `sum_of(round)` in the recipe's unit, rounded to the grid, and remembers what it was asked.
class FakeTrainer final : public client::Trainer {
 public:
  using SumOf = std::function<std::vector<double>(const client::TrainRound&)>;
  struct Asked {
    std::vector<float> model;
    std::vector<bool> sampled, held_out;
  };
  explicit FakeTrainer(SumOf sum_of) : sum_of_(std::move(sum_of)) {}

  absl::Status AddClippedSum(const client::TrainRound& round, std::span<int64_t> sum) override {
    if (remembers) {
      asked.push_back({{round.model.begin(), round.model.end()}, round.sampled, round.held_out});
    }
    const std::vector<double> values = sum_of_(round);
    for (size_t i = 0; i < values.size(); ++i) sum[i] += std::llrint(round.scale * values[i]);
    return absl::OkStatus();
  }
  absl::Status ExportTorchScript(const study::Study&, std::span<const float>,
                                 const std::string&) override {
    return absl::UnimplementedError("a fake trainer exports nothing");
  }
  absl::StatusOr<std::string> DescribeScript(const std::string&) override {
    return absl::UnimplementedError("a fake trainer knows no script");
  }

  std::vector<Asked> asked;
  bool remembers = true;

 private:
  SumOf sum_of_;
};

}  // namespace mutual::testing
