// A federation of virtual nodes around a virtual coordinator, founded for one study.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/simulate/cast.h"
#include "tools/simulate/course.h"
#include "tools/simulate/misdeed.h"
#include "tools/simulate/virtual_coordinator.h"
#include "tools/simulate/virtual_node.h"

namespace mutual::simulate {

// Organisations that found a simulated federation and are its log's witnesses; later ones are let
// in by their endorsements. All organisations when there are fewer.
inline constexpr size_t kFounders = 7;

struct FederationPlan {
  const study::Study* study;
  const Cast* cast;
  std::filesystem::path folder;  // made here
  uint64_t seed = 0;             // of this repeat
  absl::Time start;              // of the virtual clock
  bool has_noise = true;
  bool keep_rounds = false;  // for replays
  std::vector<Misdeeds> misdeeds;
  double drop_out = 0, slow = 0;
  std::function<void(double share)> progress;
  std::function<void(const std::string&)> say;
};

// Not thread-safe.
class VirtualFederation {
 public:
  // Enrols everybody. Errors of enrolment; INVALID_ARGUMENT SIMULATE_BYZANTINE when more are to do
  // wrong than there are.
  static absl::StatusOr<std::unique_ptr<VirtualFederation>> Found(const FederationPlan& plan);
  ~VirtualFederation();

  // Proposes the study, lets every node accept it, and runs it to its end.
  absl::StatusOr<StudyOutcome> Run();
  // `public` folder of the log.
  std::filesystem::path log_folder() const { return plan_.folder / "coordinator/log/public"; }
  std::filesystem::path content_folder() const { return plan_.folder / "coordinator/content"; }
  // A witness policy as a node has learnt it.
  std::filesystem::path policy_file() const;

 private:
  explicit VirtualFederation(const FederationPlan& plan) : plan_(plan), clock_(plan.start) {}
  absl::Status DealMisdeeds();
  absl::Status EnrolNodes();
  absl::StatusOr<std::unique_ptr<VirtualNode>> EnrolNode(size_t index);
  absl::Status EnrolResearcher();
  absl::Status Propose();
  absl::Status AcceptAll();

  const FederationPlan plan_;
  VirtualClock clock_;
  std::vector<Misdeed> misdeeds_;  // by role
  std::vector<std::unique_ptr<VirtualNode>> nodes_;
  std::unique_ptr<client::Home> researcher_;
  SharedRoom room_;
  std::unique_ptr<VirtualCoordinator> coordinator_;  // ends first
};

}  // namespace mutual::simulate
