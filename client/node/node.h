// A node at work: watches rounds, checks, computes, charges, stores, uploads (DESIGN section 5).
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "client/channel/channel.h"
#include "client/data/node_config.h"
#include "client/data/slot_table.h"
#include "client/ledger/ledger.h"
#include "client/learning/trainer.h"
#include "client/node/home.h"
#include "client/node/mask_keys.h"
#include "client/node/round_guard.h"
#include "client/node/trust.h"
#include "crypto/random.h"
#include "privacy/noise.h"
#include "transparency/witness.h"

namespace mutual::client {

// What a node works with; everything outlives the node.
struct NodeParts {
  const Home* home;
  const NodeConfig* config;
  Ledger* ledger;
  Trust* trust;
  MaskKeys* masks;
  transparency::Witness* witness;
  const Clock* clock;
  crypto::RandomSource* random;
  privacy::NoiseSource* noise;
  std::function<void(const std::string&)> say;  // one line for the operator; nothing personal
  bool takes_part = true;  // false: a witness only, for an organisation that is but a scrutineer
  TrainerOptions training = {};                 // used when the first study trains
};

// Not thread-safe, except Stop().
class Node {
 public:
  explicit Node(const NodeParts& parts) : parts_(parts) {}
  // Runs until Stop(). Reconnects with exponential backoff and jitter. Returns only on errors that no
  // retry can mend (revoked certificate, ledger lost).
  absl::Status Serve();
  void Stop();

  // One round, from the round-start's receipt to the contribution's. Used by Serve; public for tests.
  absl::Status TakePart(Channel& channel, const std::string& receipt);

 private:
  absl::Status ServeOnce(Channel& channel, absl::Duration* backoff);
  void ServeWitness(Channel& channel);
  absl::Status SendStored(Channel& channel, const ContributionRecord& record);
  absl::StatusOr<ContributionRecord> Compute(Channel& channel, const std::string& receipt);
  absl::StatusOr<const SlotTable*> SlotsFor(const study::Study& study);
  absl::Status ResendAnswers(Channel& channel);
  absl::Status SettleUnsent(Channel& channel);
  absl::Status Greet(Channel& channel);
  absl::Status CheckLedger(Channel& channel, const std::string& receipt);

  // What the next round of the study last computed will want.
  struct NextNoise {
    int64_t stddev;
    size_t count;
  };

  NodeParts parts_;
  std::optional<NextNoise> next_noise_;
  std::map<Digest, std::unique_ptr<SlotTable>> tables_;  // of studies in progress
  TrainerPtr trainer_;
  std::set<std::string> refused_;  // notices already refused and reported
  bool ledger_checked_ = false;    // against the log, since the last connection
  absl::Status behind_;            // LEDGER_BEHIND_LOG, once that was found
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> forked_ = false;
  std::atomic<Channel*> channel_ = nullptr;
};

// Where a contribution's receipt is kept.
std::string ReceiptPath(const Home& home, const Digest& study, uint64_t round);
// Folder of the exact bytes sent, created when absent.
std::string ContributionPath(const Home& home, const Digest& study, uint64_t round);

}  // namespace mutual::client
