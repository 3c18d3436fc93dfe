// One round as a pure state machine: events in, actions out. No clock, thread, file or network.
//
//   Open ─▶ Collecting ─▶ Closed ─▶ Tallying ─▶ Released
//     └──────────┴───────────┴──────────┴─▶ Abandoned (reason kept)
//
// Every accepted event is journalled by the caller before the actions are carried out, so replaying
// the events rebuilds the state.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "aggregation/masking/unmasking.h"
#include "base/ids.h"

namespace mutual::coordinator {

struct RoundRules {
  std::set<std::string> roster;  // nodes that may contribute
  int min_nodes = 0;
  Digest study;
  uint64_t round = 0;
  aggregation::masking::Threshold threshold;
  std::vector<std::string> scrutineers;  // in the order that numbers them
};

// Events. Times are the caller's business: DeadlinePassed is an event like others.
struct RoundOpened {
  std::string entry;
};  // the round-start entry, as logged
struct ContributionArrived {
  std::string node;
  Digest sha256;
  uint64_t bytes = 0;
  uint64_t entry = 0;
};  // index in the log
struct NodeDeclined {
  std::string node;
  std::string code;
};
struct DeadlinePassed {};
// The close entry stands in the log: scrutineers may be asked.
struct CloseLogged {
  uint64_t entry = 0;  // index
  Digest leaf;
  int64_t tally_deadline = 0;  // unix seconds
  std::string checkpoint;  // the first that covers it, with the cosignatures it was published with
};
struct TallyArrived {
  std::string node;
  uint64_t entry = 0;
  std::vector<aggregation::masking::ClassDigest> sums;
};
struct ClassSumArrived {
  uint32_t mask_class = 0;
  Digest sum;
};
struct SumReleased {
  Digest sum;
  Digest outcome;
};  // outcome: result, or the next model
struct RoundFailed {
  std::string reason;
};
using RoundEvent =
    std::variant<RoundOpened, ContributionArrived, NodeDeclined, DeadlinePassed, CloseLogged,
                 TallyArrived, ClassSumArrived, SumReleased, RoundFailed>;

// Actions.
struct AnnounceRound {};
struct LogClose {
  std::vector<std::string> counted;
};  // names, sorted
struct AskScrutineers {};
struct ReleaseSum {};  // every class sum is there; the caller sums contributions and takes them off
struct PublishOutcome {
  Digest outcome;
};
struct ReportAbandoned {
  std::string reason;
};
using RoundAction = std::variant<AnnounceRound, LogClose, AskScrutineers, ReleaseSum,
                                 PublishOutcome, ReportAbandoned>;

// States.
struct Open {};
struct Collecting {
  std::map<std::string, ContributionArrived> received;
  std::map<std::string, std::string> declined;
};
struct Closed {
  std::map<std::string, ContributionArrived> received;
};
struct Tallying {
  std::map<std::string, ContributionArrived> received;
  CloseLogged close;
  std::map<std::string, TallyArrived> tallies;  // by scrutineer
  std::map<uint32_t, Digest> sums;              // class sums that are kept
  aggregation::masking::Unmasking agreement;    // of the digests; holds no vector of the round
  uint32_t classes = 0;
  bool is_complete() const { return sums.size() == classes; }
};
struct Released {
  Digest sum;
  Digest outcome;
  int counted = 0;
};
struct Abandoned {
  std::string reason;
};
using RoundState = std::variant<Open, Collecting, Closed, Tallying, Released, Abandoned>;

class RoundMachine {
 public:
  explicit RoundMachine(RoundRules rules) : rules_(std::move(rules)) {}
  const RoundState& state() const { return state_; }
  const RoundRules& rules() const { return rules_; }

  // The actions that follow, or an error that leaves the state unchanged: PERMISSION_DENIED
  // NOT_ON_ROSTER; ALREADY_EXISTS CONTRIBUTED_TWICE (another digest; the same digest again is OK
  // with no actions); FAILED_PRECONDITION ROUND_CLOSED (late), EQUIVOCATION (another tally by the
  // same scrutineer) or WRONG_STATE; INVALID_ARGUMENT TALLY_MALFORMED; DATA_LOSS CLASS_SUM_CORRUPT
  // (not the agreed digest).
  absl::StatusOr<std::vector<RoundAction>> Handle(const RoundEvent& event);

 private:
  RoundRules rules_;
  RoundState state_;
};

// Byte-exact form of an event for the journal. DATA_LOSS on malformed bytes.
std::string Serialize(const RoundEvent& event);
absl::StatusOr<RoundEvent> ParseEvent(std::string_view bytes);

}  // namespace mutual::coordinator
