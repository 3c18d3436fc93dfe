// One organisation of a simulated federation: a real node and its desks, without a program of its
// own.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/data/node_config.h"
#include "client/node/home.h"
#include "client/node/node.h"
#include "client/node/trust.h"
#include "client/scrutineer/mask_desk.h"
#include "tools/simulate/misbehaving_channel.h"
#include "tools/simulate/virtual_coordinator.h"
#include "transparency/witness_store.h"

namespace mutual::simulate {

// A reading of the log that nodes which are no scrutineers share: each would read the same. Whoever
// uses the room holds the mutex.
struct SharedRoom {
  std::mutex mutex;
  std::unique_ptr<client::Trust> trust;
  std::unique_ptr<client::ReadingRoom> room;
};

struct NodeIdentity {
  std::string name;
  std::filesystem::path folder;  // made here
  uint64_t seed = 0;             // of places, sampling and noise
  bool has_noise = true;
  Misdeed misdeed = Misdeed::kNone;
  std::function<void(const std::string&)> say;
};

// The rows of a node, and how many places its slot table has.
struct NodeTable {
  client::TableConfig table;
  uint64_t slots = 0;
};

// Used by one thread at a time; the coordinator outlives all calls.
class VirtualNode {
 public:
  // Makes keys and asks to be let in, as `mutual-node join` does. FAILED_PRECONDITION
  // ENDORSEMENT_NEEDED is settled by `endorsers`, each of whom signs for the newcomer.
  static absl::StatusOr<std::unique_ptr<VirtualNode>> Join(
      const NodeIdentity& identity, VirtualCoordinator& coordinator,
      const std::vector<std::unique_ptr<VirtualNode>>& endorsers);

  // Signs for a newcomer who waits. Several threads may.
  absl::Status Endorse(transparency::SignedEntry newcomer) const;
  // Opens the witness; it cosigns while the node lives.
  absl::StatusOr<transparency::Witness*> BecomeWitness(const VirtualClock* clock);
  // Begins with an empty ledger and the table for `study`, and accepts the study. Errors as of
  // `mutual-node accept`.
  absl::Status Accept(const study::Study& study, const NodeTable& table);
  // Whose reading the desks use: its own for a scrutineer, `shared` for others.
  absl::Status OpenDesk(const study::Study& study, SharedRoom* shared);
  // The ledger is new: what stands in the log so far cannot have been forgotten by it.
  absl::Status ReadyForRounds(uint64_t log_size);

  // What of `duties` was not done before; true when something was. Failures are said.
  absl::StatusOr<bool> DoDuties(const std::vector<client::MaskDuty>& duties);
  // One round, from its start's receipt.
  absl::Status TakePart(const std::string& receipt);

  const std::string& name() const { return identity_.name; }
  const client::Home& home() const { return *home_; }
  client::Channel& channel() { return *channel_; }
  Misdeed misdeed() const { return identity_.misdeed; }
  MisbehavingChannel& misbehaving() { return *channel_; }

 private:
  explicit VirtualNode(const NodeIdentity& identity) : identity_(identity) {}
  absl::Status Enrol(VirtualCoordinator& coordinator,
                     const std::vector<std::unique_ptr<VirtualNode>>& endorsers);
  absl::Status Do(const client::MaskDuty& duty);

  const NodeIdentity identity_;
  const VirtualClock* clock_ = nullptr;
  coordinator::FederationCore* core_ = nullptr;
  std::unique_ptr<client::Home> home_;
  std::unique_ptr<client::Trust> trust_;
  std::unique_ptr<MisbehavingChannel> channel_;
  std::unique_ptr<transparency::FileWitnessStore> witness_store_;
  std::unique_ptr<transparency::Witness> witness_;
  client::NodeConfig config_;
  std::unique_ptr<client::Ledger> ledger_;
  std::unique_ptr<client::MaskKeys> masks_;
  crypto::SystemRandom keys_random_;  // keys of masks are as in a real node
  std::unique_ptr<crypto::RandomSource> random_, noise_key_;
  std::unique_ptr<privacy::NoiseSource> noise_;
  std::unique_ptr<client::Node> node_;
  SharedRoom* shared_ = nullptr;
  std::unique_ptr<client::ReadingRoom> own_room_;
  std::unique_ptr<client::MaskDesk> desk_;
  std::set<std::string> done_;  // duties
};

}  // namespace mutual::simulate
