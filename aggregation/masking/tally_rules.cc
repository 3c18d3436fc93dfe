#include "aggregation/masking/tally_rules.h"

#include <algorithm>
#include <set>

#include "aggregation/masking/trust_bound.h"
#include "base/status.h"

namespace mutual::aggregation::masking {
namespace {

template <typename... Args>
absl::Status Refuse(const char* code, const absl::FormatSpec<Args...>& format,
                    const Args&... args) {
  return WithCode(FailedPrecondition(format, args...), code);
}

absl::Status CheckFirstEnd(const RoundFacts& facts, uint64_t close_index) {
  MUTUAL_ASSIGN_OR_RETURN(const RoundEnd first, FirstEnd(facts));
  if (first.index != close_index) {
    return Refuse("EQUIVOCATION",
                  "close %d of round %d is void, entry %d ended the round first; only that one is "
                  "answered, keep both as evidence",
                  close_index, facts.round, first.index);
  }
  if (first.kind == RoundEnd::Kind::kAbandon) {
    return Refuse("ROUND_ABANDONED", "round %d was abandoned by entry %d; nothing is unmasked",
                  facts.round, first.index);
  }
  return absl::OkStatus();
}

absl::Status CheckScrutineers(const RoundFacts& facts) {
  if (facts.scrutineers.size() != facts.threshold.scrutineers) {
    return WithCode(InvalidArgument("facts name %d scrutineers, want %u as in the study file",
                                    facts.scrutineers.size(), facts.threshold.scrutineers),
                    "FACTS_MALFORMED");
  }
  std::set<NodeId> seen;
  for (const ScrutineerFacts& scrutineer : facts.scrutineers) {
    const std::string& name = scrutineer.organisation.name();
    if (scrutineer.run_by_operator) {
      return Refuse("OPERATOR_IS_SCRUTINEER",
                    "scrutineer %s is run by the coordinator's operator, want another "
                    "organisation; propose a study with other scrutineers",
                    name);
    }
    if (!seen.insert(scrutineer.organisation).second) {
      return Refuse("SCRUTINEER_DUPLICATE",
                    "%s is two scrutineers, want each organisation once; propose a study with "
                    "other scrutineers",
                    name);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckColluders(const RoundFacts& facts) {
  const auto operated = std::count_if(facts.nodes.begin(), facts.nodes.end(),
                                      [](const NodeFacts& node) { return node.run_by_operator; });
  return CheckTrustBound(
      {facts.threshold, static_cast<uint32_t>(operated), facts.assumed_colluders, facts.min_nodes});
}

absl::Status CheckQuorums(const RoundFacts& facts) {
  const std::set<NodeId> witnesses(facts.witness_cosigners.begin(), facts.witness_cosigners.end());
  if (witnesses.size() < facts.witness_quorum) {
    return Refuse("QUORUM_MISSING",
                  "the close checkpoint of round %d has %d witnesses, want %u; ask again when more "
                  "have cosigned",
                  facts.round, witnesses.size(), facts.witness_quorum);
  }
  std::set<uint32_t> cosigners(facts.scrutineer_cosigners.begin(),
                               facts.scrutineer_cosigners.end());
  std::erase_if(cosigners, [&](uint32_t j) { return j >= facts.threshold.scrutineers; });
  const uint32_t wanted = ScrutineerQuorum(facts.threshold);
  if (cosigners.size() < wanted) {
    return Refuse("SCRUTINEER_QUORUM_MISSING",
                  "the close checkpoint of round %d has %d scrutineers, want %u; ask again when "
                  "more have cosigned",
                  facts.round, cosigners.size(), wanted);
  }
  return absl::OkStatus();
}

bool InForceAt(const std::vector<InForce>& spans, uint64_t index) {
  return std::any_of(spans.begin(), spans.end(),
                     [index](const InForce& span) { return span.At(index); });
}

// Every scrutineer has confirmed the node's masks before the round began. One that was proved
// lying about the node is excused, as long as each class keeps a majority of confirmed holders.
bool KeysConfirmed(const RoundFacts& facts, const NodeFacts& node, const MaskClasses& classes) {
  std::set<uint32_t> confirmed;
  for (const Confirmation& one : node.keys_ok) {
    if (one.index < facts.start_index && one.masks == node.masks) confirmed.insert(one.scrutineer);
  }
  for (uint32_t j = 0; j < facts.threshold.scrutineers; ++j) {
    const bool excused =
        std::find(node.excused.begin(), node.excused.end(), j) != node.excused.end();
    if (!excused && !confirmed.contains(j)) return false;
  }
  for (uint32_t c = 0; c < classes.size(); ++c) {
    const std::vector<uint32_t>& holders = classes.Holders(c);
    const auto sure = std::count_if(holders.begin(), holders.end(),
                                    [&](uint32_t j) { return confirmed.contains(j); });
    if (static_cast<uint32_t>(sure) < HolderMajority(facts.threshold)) return false;
  }
  return true;
}

absl::Status CheckNode(const RoundFacts& facts, const ContributionFacts& contribution,
                       const MaskClasses& classes) {
  const std::string& name = contribution.node.name();
  const auto node = std::find_if(facts.nodes.begin(), facts.nodes.end(), [&](const NodeFacts& one) {
    return one.node == contribution.node;
  });
  if (node == facts.nodes.end() || !InForceAt(node->enrolled, contribution.index)) {
    return Refuse("NODE_NOT_ENROLLED",
                  "contribution %d is by %s, which is not enrolled there; the round is refused",
                  contribution.index, name);
  }
  if (!InForceAt(node->mandated, contribution.index)) {
    return Refuse("NO_MANDATE",
                  "contribution %d is by %s, which has no mandate for the study there; the round "
                  "is refused",
                  contribution.index, name);
  }
  if (!KeysConfirmed(facts, *node, classes)) {
    return Refuse("KEYS_NOT_CONFIRMED",
                  "contribution %d is by %s, whose mask keys lack a keys-ok from before the round; "
                  "the round is refused",
                  contribution.index, name);
  }
  return absl::OkStatus();
}

absl::Status CheckContribution(const RoundFacts& facts, const RoundEnd& close, uint64_t index) {
  const auto found =
      std::find_if(facts.contributions.begin(), facts.contributions.end(),
                   [index](const ContributionFacts& one) { return one.index == index; });
  if (found == facts.contributions.end() || found->round != facts.round ||
      index <= facts.start_index || index >= close.index) {
    return Refuse("CONTRIBUTION_UNKNOWN",
                  "close %d names entry %d, which is no contribution to round %d between entries "
                  "%d and %d; the round is refused",
                  close.index, index, facts.round, facts.start_index, close.index);
  }
  if (found->words != facts.words) {
    return Refuse("CONTRIBUTION_LENGTH",
                  "contribution %d has %d words, want %d; the round is refused", index,
                  found->words, facts.words);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::set<NodeId>> CountNodes(const RoundFacts& facts, const RoundEnd& close,
                                            const MaskClasses& classes) {
  std::set<NodeId> nodes;
  for (uint64_t index : close.contributions) {
    MUTUAL_RETURN_IF_ERROR(CheckContribution(facts, close, index));
    const auto contribution =
        std::find_if(facts.contributions.begin(), facts.contributions.end(),
                     [index](const ContributionFacts& one) { return one.index == index; });
    MUTUAL_RETURN_IF_ERROR(CheckNode(facts, *contribution, classes));
    if (!nodes.insert(contribution->node).second) {
      return Refuse("CONTRIBUTION_DUPLICATE",
                    "close %d counts %s twice, want each node once; the round is refused",
                    close.index, contribution->node.name());
    }
  }
  return nodes;
}

}  // namespace

absl::StatusOr<RoundEnd> FirstEnd(const RoundFacts& facts) {
  uint64_t before = facts.start_index;
  for (const RoundEnd& end : facts.ends) {
    if (end.index <= before || end.index >= facts.checkpoint_size) {
      return WithCode(InvalidArgument("end of round %d at entry %d, want ends in order between "
                                      "entries %d and %d",
                                      facts.round, end.index, before, facts.checkpoint_size),
                      "FACTS_MALFORMED");
    }
    before = end.index;
  }
  if (facts.ends.empty()) {
    return Refuse("ROUND_NOT_CLOSED",
                  "the log has no close or abandon of round %d; ask again after", facts.round);
  }
  return facts.ends.front();
}

absl::StatusOr<CountedRound> CheckClose(const RoundFacts& facts, uint64_t close_index) {
  MUTUAL_ASSIGN_OR_RETURN(const MaskClasses classes, MaskClasses::Create(facts.threshold));
  MUTUAL_RETURN_IF_ERROR(CheckFirstEnd(facts, close_index));
  MUTUAL_RETURN_IF_ERROR(CheckScrutineers(facts));
  MUTUAL_RETURN_IF_ERROR(CheckColluders(facts));
  MUTUAL_RETURN_IF_ERROR(CheckQuorums(facts));
  const RoundEnd& close = facts.ends.front();
  MUTUAL_ASSIGN_OR_RETURN(const std::set<NodeId> nodes, CountNodes(facts, close, classes));
  if (nodes.size() < facts.min_nodes) {
    return Refuse("TOO_FEW_CONTRIBUTIONS",
                  "close %d counts %d organisations, want at least %u; the round is abandoned",
                  close.index, nodes.size(), facts.min_nodes);
  }
  return CountedRound{close, {nodes.begin(), nodes.end()}};
}

}  // namespace mutual::aggregation::masking
