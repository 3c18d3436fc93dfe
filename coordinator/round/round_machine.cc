#include "coordinator/round/round_machine.h"

#include "base/status.h"

namespace mutual::coordinator {
namespace {

using Actions = std::vector<RoundAction>;

absl::Status WrongState(const std::string& what) {
  return WithCode(FailedPrecondition("%s does not fit the round's state", what), "WRONG_STATE");
}

absl::Status Late() {
  return WithCode(FailedPrecondition("the round is closed; this contribution came too late and is not "
                                     "counted"),
                  "ROUND_CLOSED");
}

absl::Status NotOnRoster(const std::string& node) {
  return WithCode(PermissionDenied("%s is not on this round's roster; accept a study before it starts",
                                   node),
                  "NOT_ON_ROSTER");
}

// Applies one event to one state; the visitor of Handle.
struct Step {
  const RoundRules& rules;
  RoundState* state;

  Actions Close() {
    auto& collecting = std::get<Collecting>(*state);
    if (static_cast<int>(collecting.received.size()) < rules.min_nodes) {
      const std::string reason = "TOO_FEW_CONTRIBUTIONS";
      *state = Abandoned{reason};
      return {ReportAbandoned{reason}};
    }
    ReleaseSum release;
    for (const auto& [node, contribution] : collecting.received) release.counted.push_back(node);
    *state = Closed{std::move(collecting.received)};
    return {release};
  }

  Actions CloseWhenAllAnswered() {
    const auto& collecting = std::get<Collecting>(*state);
    const bool all =
        collecting.received.size() + collecting.declined.size() >= rules.roster.size();
    return all ? Close() : Actions{};
  }

  absl::StatusOr<Actions> operator()(const RoundOpened&) {
    if (!std::holds_alternative<Open>(*state)) return WrongState("opening");
    *state = Collecting{};
    return Actions{AnnounceRound{}};
  }

  absl::StatusOr<Actions> operator()(const ContributionArrived& event) {
    if (rules.roster.count(event.node) == 0) return NotOnRoster(event.node);
    const auto* received = std::holds_alternative<Closed>(*state)
                               ? &std::get<Closed>(*state).received
                               : nullptr;
    auto* const collecting = std::get_if<Collecting>(state);
    if (collecting != nullptr) received = &collecting->received;
    if (received != nullptr) {
      if (const auto found = received->find(event.node); found != received->end()) {
        if (found->second.sha256 == event.sha256) return Actions{};
        return WithCode(AlreadyExists("%s has contributed to this round already, with other bytes; a "
                                      "node answers a round once",
                                      event.node),
                        "CONTRIBUTED_TWICE");
      }
    }
    if (collecting == nullptr) {
      return std::holds_alternative<Open>(*state) ? WrongState("a contribution") : Late();
    }
    collecting->declined.erase(event.node);
    collecting->received[event.node] = event;
    return CloseWhenAllAnswered();
  }

  absl::StatusOr<Actions> operator()(const NodeDeclined& event) {
    if (rules.roster.count(event.node) == 0) return NotOnRoster(event.node);
    auto* const collecting = std::get_if<Collecting>(state);
    if (collecting == nullptr) {
      return std::holds_alternative<Open>(*state) ? WrongState("declining") : Late();
    }
    if (collecting->received.count(event.node) > 0) return Actions{};
    collecting->declined[event.node] = event.code;
    return CloseWhenAllAnswered();
  }

  absl::StatusOr<Actions> operator()(const DeadlinePassed&) {
    if (!std::holds_alternative<Collecting>(*state)) return WrongState("the deadline");
    return Close();
  }

  absl::StatusOr<Actions> operator()(const SumReleased& event) {
    if (!std::holds_alternative<Closed>(*state)) return WrongState("a release");
    const int counted = static_cast<int>(std::get<Closed>(*state).received.size());
    *state = Released{event.sum, event.outcome, counted};
    return Actions{PublishOutcome{event.outcome}};
  }

  absl::StatusOr<Actions> operator()(const RoundFailed& event) {
    if (std::holds_alternative<Released>(*state) || std::holds_alternative<Abandoned>(*state)) {
      return WrongState("a failure");
    }
    *state = Abandoned{event.reason};
    return Actions{ReportAbandoned{event.reason}};
  }
};

}  // namespace

absl::StatusOr<std::vector<RoundAction>> RoundMachine::Handle(const RoundEvent& event) {
  RoundState next = state_;
  auto actions = std::visit(Step{rules_, &next}, event);
  if (actions.ok()) state_ = std::move(next);
  return actions;
}

}  // namespace mutual::coordinator
