// The coordinator of a simulated federation: the real core, journal, store and log, in one folder.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "coordinator/enrolment/federation_state.h"
#include "coordinator/log/cosign_board.h"
#include "coordinator/log/public_log.h"
#include "coordinator/service/federation_core.h"
#include "tools/simulate/virtual_clock.h"
#include "transparency/witness.h"

namespace mutual::simulate {

// Thread-safe, but for Settle(), which one thread calls.
class VirtualCoordinator {
 public:
  struct Options {
    std::filesystem::path folder;  // made here
    std::string federation;        // name
    const VirtualClock* clock;     // outlives the coordinator
    bool keep_rounds = false;      // all of them, for replays; else the newest only
    std::function<void(const std::string&)> say;
  };
  static absl::StatusOr<std::unique_ptr<VirtualCoordinator>> Start(const Options& options);
  ~VirtualCoordinator();

  // From now on `witness` cosigns checkpoints when it is asked; it outlives the coordinator.
  void AddWitness(const std::string& name, transparency::Witness* witness);
  // Returns when everything that is due has been logged and has taken effect. Errors of the log.
  absl::Status Settle();

  coordinator::FederationCore& core() { return *core_; }
  const VirtualClock* clock() const { return options_.clock; }
  coordinator::Journal& journal() { return *journal_; }
  const coordinator::FederationState& state() const { return *state_; }

 private:
  explicit VirtualCoordinator(const Options& options) : options_(options) {}
  absl::Status Open();
  void AskWitnesses();
  absl::Status AwaitRound();

  const Options options_;
  std::mutex witnesses_mutex_;
  std::map<std::string, transparency::Witness*> witnesses_;  // guarded by it
  std::mutex settled_mutex_;
  std::condition_variable settled_;
  uint64_t rounds_ = 0;  // of the core's worker; guarded by settled_mutex_
  std::unique_ptr<coordinator::FederationState> state_;
  std::unique_ptr<coordinator::Journal> journal_;
  std::unique_ptr<coordinator::ContentStore> store_;
  std::unique_ptr<coordinator::Retention> retention_;
  std::unique_ptr<coordinator::CosignBoard> board_;
  std::unique_ptr<coordinator::PublicLog> log_;
  std::unique_ptr<coordinator::FederationCore> core_;
};

}  // namespace mutual::simulate
