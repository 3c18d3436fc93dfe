#include "client/scrutineer/round_reading.h"

#include <algorithm>
#include <limits>
#include <set>

#include "aggregation/masking/dispute.h"
#include "aggregation/masking/mask_sum.h"
#include "base/encoding.h"
#include "base/status.h"
#include "study/recipe.h"
#include "transparency/policy_change.h"

namespace mutual::client {

namespace masking = aggregation::masking;

absl::StatusOr<uint32_t> NumberOf(const study::Study& study, const std::string& organisation) {
  const std::vector<std::string>& all = study.scrutineers.organisations;
  const auto found = std::find(all.begin(), all.end(), organisation);
  if (found == all.end()) {
    return NotFound("%s is no scrutineer of study %s", organisation, study.digest.Short());
  }
  return static_cast<uint32_t>(found - all.begin());
}

namespace {

// The keys that stand below `before`, some of them missing perhaps.
absl::StatusOr<masking::KeyWindow> WindowAt(const FederationView& view, const study::Study& study,
                                            uint64_t before) {
  MUTUAL_ASSIGN_OR_RETURN(masking::MaskClasses classes,
                          masking::MaskClasses::Create(ThresholdOf(study)));
  masking::KeyWindow window{view.origin(), study.digest, std::move(classes), {}};
  const StudyHistory* const history = view.Find(study.digest);
  for (const std::string& name : study.scrutineers.organisations) {
    const PublishedKey* const key = history == nullptr ? nullptr : history->KeyOf(name, before);
    window.scrutineer_keys.push_back(key == nullptr ? masking::PublicKey{} : key->key);
  }
  return window;
}

}  // namespace

absl::StatusOr<masking::MaskCommitments> CommitmentsOf(const PublishedMasks& masks,
                                                       const masking::KeyWindow& window,
                                                       const study::Study& study) {
  const auto malformed = [&] {
    return WithCode(
        InvalidArgument("masks entry %d of %s does not list every class and holder once, "
                        "in order",
                        masks.index, masks.node),
        "MASKS_MALFORMED");
  };
  MUTUAL_ASSIGN_OR_RETURN(const NodeId node, NodeId::Parse(masks.node));
  masking::MaskCommitments commitments{node, {}, {}};
  size_t at = 0;
  for (uint32_t c = 0; c < window.classes.size(); ++c) {
    if (c >= masks.commits.size() || masks.commits[c].mask_class != c) return malformed();
    commitments.commits.push_back(masks.commits[c].hash);
    std::vector<Digest>& holders = commitments.wrappings.emplace_back();
    for (const uint32_t holder : window.classes.Holders(c)) {
      if (!window.IsPresent(holder)) {
        holders.emplace_back();
        continue;
      }
      if (at >= masks.sealed.size() || masks.sealed[at].mask_class != c ||
          masks.sealed[at].holder != study.scrutineers.organisations[holder]) {
        return malformed();
      }
      holders.push_back(masks.sealed[at++].hash);
    }
  }
  if (at != masks.sealed.size() || masks.commits.size() != window.classes.size()) {
    return malformed();
  }
  return commitments;
}

uint64_t EndOfKeyTime(const FederationView& view, const study::Study& study) {
  const StudyHistory* const history = view.Find(study.digest);
  for (const PublishedMasks& masks :
       history == nullptr ? std::vector<PublishedMasks>() : history->masks) {
    const auto window = WindowAt(view, study, masks.index);
    if (window.ok() && window->Check().ok() && CommitmentsOf(masks, *window, study).ok()) {
      return masks.index;
    }
  }
  return std::numeric_limits<uint64_t>::max();
}

absl::StatusOr<masking::KeyWindow> WindowOf(const FederationView& view, const study::Study& study) {
  MUTUAL_ASSIGN_OR_RETURN(masking::KeyWindow window,
                          WindowAt(view, study, EndOfKeyTime(view, study)));
  const absl::Status complete = window.Check();
  if (!complete.ok()) {
    return WithCode(FailedPrecondition("%s", std::string(complete.message())), "KEYS_MISSING");
  }
  return window;
}

const PublishedMasks* MasksInForce(const StudyHistory& history, const masking::KeyWindow& window,
                                   const study::Study& study, const std::string& node,
                                   uint64_t before) {
  for (auto one = history.masks.rbegin(); one != history.masks.rend(); ++one) {
    if (one->node == node && one->index < before && CommitmentsOf(*one, window, study).ok()) {
      return &*one;
    }
  }
  return nullptr;
}

CountedCosigners CountCosigners(const FederationView& view, const CosignedTree& tree) {
  CountedCosigners counted;
  const uint64_t size = tree.evaluation->signed_checkpoint.checkpoint.size;
  for (const transparency::PolicyWitness& witness : tree.policy->witnesses()) {
    const auto& all = tree.evaluation->cosigned_by;
    if (std::find(all.begin(), all.end(), witness.name) == all.end()) continue;
    const auto own = view.organisations().find(witness.name);
    const bool is_member = own != view.organisations().end();
    const bool counts = !is_member || (size > 0 && view.IsEnrolled(witness.name, size - 1) &&
                                       own->second.witness_key &&
                                       own->second.witness_key->key() == witness.key.key());
    if (counts) counted.names.push_back(witness.name);
  }
  counted.has_quorum =
      transparency::MeetsQuorum(*tree.policy, {counted.names.begin(), counted.names.end()});
  return counted;
}

namespace {

// One node's part of the facts: its newest masks before the round, and who confirmed exactly those.
masking::NodeFacts NodeFactsOf(const FederationView& view, const study::Study& study,
                               const masking::KeyWindow& window, const NodeId& node) {
  const StudyHistory& history = *view.Find(study.digest);
  masking::NodeFacts facts{node, {}, {}, {}, {}, {}, false};
  const auto organisation = view.organisations().find(node.name());
  if (organisation != view.organisations().end()) facts.enrolled = organisation->second.enrolled;
  const auto mandates = history.mandates.find(node.name());
  if (mandates != history.mandates.end()) facts.mandated = mandates->second;
  const auto& operated = study.scrutineers.operator_nodes;
  facts.run_by_operator =
      view.operator_nodes().count(node.name()) > 0 ||
      std::find(operated.begin(), operated.end(), node.name()) != operated.end();
  const PublishedMasks* const masks =
      MasksInForce(history, window, study, node.name(), history.FirstStart());
  if (masks == nullptr || history.IsRevealed(*masks)) return facts;
  const auto commitments = CommitmentsOf(*masks, window, study);
  if (!commitments.ok()) return facts;
  facts.masks = commitments->ToDigest();
  std::vector<bool> confirmed(window.scrutineer_keys.size(), false);
  for (const PublishedConfirmation& one : history.confirmations) {
    const auto number = NumberOf(study, one.scrutineer);
    if (!number.ok() || !window.IsPresent(*number) ||
        std::find(one.masks.begin(), one.masks.end(), masks->index) == one.masks.end()) {
      continue;
    }
    facts.keys_ok.push_back({one.index, *number, facts.masks});
    if (one.index < history.FirstStart()) confirmed[*number] = true;
  }
  // Who said nothing by the end of the window is as good as dead, and who lied does not count
  // either; the room's rule still wants a majority of confirmed holders for every class.
  for (uint32_t j = 0; j < confirmed.size(); ++j) {
    if (!confirmed[j]) facts.excused.push_back(j);
  }
  return facts;
}

}  // namespace

absl::StatusOr<masking::RoundFacts> FactsOf(const FederationView& view, const study::Study& study,
                                            uint64_t number, const CosignedTree& tree) {
  const StudyHistory* const history = view.Find(study.digest);
  const auto round = history == nullptr ? std::map<uint64_t, PublishedRound>::const_iterator()
                                        : history->rounds.find(number);
  if (history == nullptr || round == history->rounds.end() || round->second.start == 0) {
    return NotFound("the log has no start of round %d of study %s", number, study.digest.Short());
  }
  MUTUAL_ASSIGN_OR_RETURN(const masking::KeyWindow window, WindowOf(view, study));
  MUTUAL_ASSIGN_OR_RETURN(const auto recipe, study::MakeRecipe(study));
  masking::RoundFacts facts;
  facts.origin = window.origin;
  facts.study = study.digest;
  facts.round = number;
  facts.start_index = round->second.start;
  facts.words = masking::PaddedWords(recipe->dimension());
  facts.checkpoint_size = view.size();
  facts.threshold = ThresholdOf(study);
  facts.assumed_colluders = static_cast<uint32_t>(study.cohort.assumed_colluders);
  facts.min_nodes = static_cast<uint32_t>(study.cohort.min_nodes);
  const auto& operated = study.scrutineers.operator_nodes;
  for (const std::string& name : study.scrutineers.organisations) {
    MUTUAL_ASSIGN_OR_RETURN(const NodeId node, NodeId::Parse(name));
    facts.scrutineers.push_back({node, view.operator_nodes().count(name) > 0});
  }
  facts.ends = round->second.ends;
  facts.contributions = history->contributions;
  for (const auto& [name, spans] : history->mandates) {
    MUTUAL_ASSIGN_OR_RETURN(const NodeId node, NodeId::Parse(name));
    facts.nodes.push_back(NodeFactsOf(view, study, window, node));
  }
  const CountedCosigners counted = CountCosigners(view, tree);
  for (const std::string& name : counted.names) {
    // The policy has judged the quorum; witnesses outside the federation have other names than
    // nodes.
    const auto witness = NodeId::Parse(name);
    if (!witness.ok()) continue;
    facts.witness_cosigners.push_back(*witness);
    const auto scrutineer = NumberOf(study, name);
    if (scrutineer.ok()) facts.scrutineer_cosigners.push_back(*scrutineer);
  }
  facts.witness_quorum =
      static_cast<uint32_t>(facts.witness_cosigners.size()) + (counted.has_quorum ? 0 : 1);
  std::set<std::string> operators(operated.begin(), operated.end());
  operators.insert(view.operator_nodes().begin(), view.operator_nodes().end());
  const size_t liars = std::max<size_t>(1, facts.threshold.threshold - 1 + operators.size());
  if (tree.policy->LeastOverlap() <= liars) {
    return WithCode(FailedPrecondition(
                        "two quorums of the log's witnesses share %d of them at least, want more "
                        "than the %d that may lie; the federation needs a larger quorum",
                        tree.policy->LeastOverlap(), liars),
                    "WITNESS_QUORUM");
  }
  return facts;
}

}  // namespace mutual::client
