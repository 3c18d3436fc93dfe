// The course of one study in a simulated federation: from its proposal to its end.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "study/study_file.h"
#include "tools/simulate/misdeed.h"
#include "tools/simulate/virtual_coordinator.h"
#include "tools/simulate/virtual_node.h"

namespace mutual::simulate {

// One round as it went.
struct RoundOutcome {
  uint64_t counted = 0;                  // contributions that the close names
  uint64_t missed = 0;                   // nodes that did not answer at all
  std::map<std::string, uint64_t> lost;  // by code: nodes that answered and were not counted
};

struct StudyOutcome {
  std::string state, reason;  // as the coordinator has them
  std::string result_json, privacy_json, model;
  std::vector<RoundOutcome> rounds;
  std::map<std::string, uint64_t> refusals;  // by code: what the coordinator refused
  absl::Duration duration;                   // of the virtual clock
};

// Moves the clock from one thing that is due to the next, and lets everybody do it. Not
// thread-safe.
class Course {
 public:
  struct Parts {
    VirtualCoordinator* coordinator;
    std::vector<std::unique_ptr<VirtualNode>>* nodes;
    VirtualClock* clock;
    const study::Study* study;
    Reliability reliability;
    std::function<void(double share)> progress;
  };
  explicit Course(const Parts& parts) : parts_(parts) {}
  // From the mandates on. INTERNAL when nothing more happens.
  absl::StatusOr<StudyOutcome> Run();

 private:
  // What a node does in the round at hand.
  struct Part {
    std::optional<absl::Time> at;  // nothing: never
    bool done = false;
  };
  absl::StatusOr<bool> DoDuties(bool is_joining);
  absl::StatusOr<bool> TakeParts();
  absl::Status TakePartsOf(std::span<const size_t> due);  // these nodes, at once
  absl::Status BeginRound(const std::string& receipt);
  absl::StatusOr<bool> SendKept();
  void CountTooLate();
  absl::Status MoveClock(bool is_joining);
  void Conclude(const coordinator::StudyView& view);
  size_t Threads() const;

  Parts parts_;
  absl::Time begun_;
  uint64_t round_ = 0;
  std::string receipt_;  // of the round at hand
  absl::Time deadline_;
  std::vector<Part> parts_of_round_;
  StudyOutcome outcome_;
  int idle_ = 0;  // moves of the clock since something happened
};

}  // namespace mutual::simulate
