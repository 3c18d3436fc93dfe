// One round as a pure state machine: events in, actions out. No clock, thread, file or network.
//
//   Open ─▶ Collecting ─▶ Closed ─▶ Released
//     └──────────┴───────────┴─▶ Abandoned (reason kept)
//
// Every accepted event is journalled by the caller before the actions are carried out, so replaying the
// events rebuilds the state. The state Tallying (masks) will stand between Closed and Released.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ids.h"

namespace mutual::coordinator {

struct RoundRules {
  std::set<std::string> roster;  // nodes that may contribute
  int min_nodes = 0;
};

// Events. Times are the caller's business: DeadlinePassed is an event like others.
struct RoundOpened { std::string entry; };  // the round-start entry, as logged
struct ContributionArrived { std::string node; Digest sha256; uint64_t bytes = 0; uint64_t entry = 0; };  // index in the log
struct NodeDeclined { std::string node; std::string code; };
struct DeadlinePassed {};
struct SumReleased { Digest sum; Digest outcome; };  // outcome: result, or the next model
struct RoundFailed { std::string reason; };
using RoundEvent = std::variant<RoundOpened, ContributionArrived, NodeDeclined, DeadlinePassed, SumReleased, RoundFailed>;

// Actions.
struct AnnounceRound {};
struct ReleaseSum { std::vector<std::string> counted; };  // names, sorted; the caller sums their contributions
struct PublishOutcome { Digest outcome; };
struct ReportAbandoned { std::string reason; };
using RoundAction = std::variant<AnnounceRound, ReleaseSum, PublishOutcome, ReportAbandoned>;

// States.
struct Open {};
struct Collecting { std::map<std::string, ContributionArrived> received; std::map<std::string, std::string> declined; };
struct Closed { std::map<std::string, ContributionArrived> received; };
struct Released { Digest sum; Digest outcome; int counted = 0; };
struct Abandoned { std::string reason; };
using RoundState = std::variant<Open, Collecting, Closed, Released, Abandoned>;

class RoundMachine {
 public:
  explicit RoundMachine(RoundRules rules) : rules_(std::move(rules)) {}
  const RoundState& state() const { return state_; }
  const RoundRules& rules() const { return rules_; }

  // The actions that follow, or an error that leaves the state unchanged: PERMISSION_DENIED NOT_ON_ROSTER;
  // ALREADY_EXISTS CONTRIBUTED_TWICE (another digest; the same digest again is OK with no actions);
  // FAILED_PRECONDITION ROUND_CLOSED (late) or WRONG_STATE.
  absl::StatusOr<std::vector<RoundAction>> Handle(const RoundEvent& event);

 private:
  RoundRules rules_;
  RoundState state_;
};

// Byte-exact form of an event for the journal. DATA_LOSS on malformed bytes.
std::string Serialize(const RoundEvent& event);
absl::StatusOr<RoundEvent> ParseEvent(std::string_view bytes);

}  // namespace mutual::coordinator
