#include "coordinator/round/round_machine.h"

#include <algorithm>

#include "base/status.h"

namespace mutual::coordinator {

namespace masking = aggregation::masking;

namespace {

using Actions = std::vector<RoundAction>;

absl::Status WrongState(const std::string& what) {
  return WithCode(FailedPrecondition("%s does not fit the round's state", what), "WRONG_STATE");
}

absl::Status Late() {
  return WithCode(
      FailedPrecondition("the round is closed; this contribution came too late and is not "
                         "counted"),
      "ROUND_CLOSED");
}

absl::Status NotOnRoster(const std::string& node) {
  return WithCode(
      PermissionDenied("%s is not on this round's roster; accept a study before it starts", node),
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
    LogClose close;
    for (const auto& [node, contribution] : collecting.received) close.counted.push_back(node);
    *state = Closed{std::move(collecting.received)};
    return {close};
  }

  Actions CloseWhenAllAnswered() {
    const auto& collecting = std::get<Collecting>(*state);
    const bool all = collecting.received.size() + collecting.declined.size() >= rules.roster.size();
    return all ? Close() : Actions{};
  }

  absl::StatusOr<Actions> operator()(const RoundOpened&) {
    if (!std::holds_alternative<Open>(*state)) return WrongState("opening");
    *state = Collecting{};
    return Actions{AnnounceRound{}};
  }

  absl::StatusOr<Actions> operator()(const ContributionArrived& event) {
    if (rules.roster.count(event.node) == 0) return NotOnRoster(event.node);
    const std::map<std::string, ContributionArrived>* received = nullptr;
    if (const auto* const closed = std::get_if<Closed>(state)) received = &closed->received;
    if (const auto* const tallying = std::get_if<Tallying>(state)) received = &tallying->received;
    auto* const collecting = std::get_if<Collecting>(state);
    if (collecting != nullptr) received = &collecting->received;
    if (received != nullptr) {
      if (const auto found = received->find(event.node); found != received->end()) {
        if (found->second.sha256 == event.sha256) return Actions{};
        return WithCode(
            AlreadyExists("%s has contributed to this round already, with other bytes; a "
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

  absl::StatusOr<Actions> operator()(const CloseLogged& event) {
    auto* const closed = std::get_if<Closed>(state);
    if (closed == nullptr) return WrongState("a logged close");
    MUTUAL_ASSIGN_OR_RETURN(const auto classes, masking::MaskClasses::Create(rules.threshold));
    // One value: only the digests are agreed on here.
    MUTUAL_ASSIGN_OR_RETURN(masking::Unmasking agreement,
                            masking::Unmasking::Create({rules.threshold, rules.study, rules.round,
                                                        event.entry, event.leaf, 1}));
    Tallying tallying{std::move(closed->received), event,         {}, {},
                      std::move(agreement),        classes.size()};
    *state = std::move(tallying);
    return Actions{AskScrutineers{}};
  }

  absl::StatusOr<Actions> operator()(const TallyArrived& event) {
    auto* const tallying = std::get_if<Tallying>(state);
    if (tallying == nullptr) return WrongState("a tally");
    const auto number = std::find(rules.scrutineers.begin(), rules.scrutineers.end(), event.node);
    if (number == rules.scrutineers.end()) {
      return WithCode(PermissionDenied("%s is no scrutineer of this study", event.node),
                      "NOT_A_SCRUTINEER");
    }
    MUTUAL_RETURN_IF_ERROR(tallying->agreement.AddTally(
        {static_cast<uint32_t>(number - rules.scrutineers.begin()), rules.study, rules.round,
         tallying->close.entry, tallying->close.leaf, event.sums}));
    tallying->tallies.emplace(event.node, event);
    if (!tallying->agreement.CheckAgreement().ok()) return Abandon("CLASS_SUM_MISMATCH");
    return Actions{AskScrutineers{}};
  }

  absl::StatusOr<Actions> operator()(const ClassSumArrived& event) {
    auto* const tallying = std::get_if<Tallying>(state);
    if (tallying == nullptr) return WrongState("a class sum");
    const auto agreed = tallying->agreement.Agreed(event.mask_class);
    if (!agreed || *agreed != event.sum) {
      return WithCode(DataLoss("the sum of class %u is not what its holders agreed on; ask another",
                               event.mask_class),
                      "CLASS_SUM_CORRUPT");
    }
    tallying->sums[event.mask_class] = event.sum;
    if (tallying->is_complete()) return Actions{ReleaseSum{}};
    return Actions{};
  }

  Actions Abandon(const std::string& reason) {
    *state = Abandoned{reason};
    return {ReportAbandoned{reason}};
  }

  absl::StatusOr<Actions> operator()(const DeadlinePassed&) {
    if (const auto* const tallying = std::get_if<Tallying>(state)) {
      return tallying->is_complete() ? Actions{} : Abandon("TOO_FEW_SCRUTINEERS");
    }
    if (!std::holds_alternative<Collecting>(*state)) return WrongState("the deadline");
    return Close();
  }

  absl::StatusOr<Actions> operator()(const SumReleased& event) {
    const auto* const tallying = std::get_if<Tallying>(state);
    if (tallying == nullptr || !tallying->is_complete()) return WrongState("a release");
    const int counted = static_cast<int>(tallying->received.size());
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
