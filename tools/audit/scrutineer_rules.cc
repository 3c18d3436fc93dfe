// Who may hold mask keys, how many of them unmask, and who counts as a colluder.
#include <algorithm>
#include <set>

#include "absl/strings/str_format.h"
#include "aggregation/masking/trust_bound.h"
#include "crypto/key_agreement.h"
#include "tools/audit/rules.h"

namespace mutual::audit {
namespace {

using aggregation::masking::MaskClasses;
using aggregation::masking::Threshold;

void Fail(const char* id, const Located& at, const Rulebook& rules, const std::string& why) {
  rules.findings->Fail(id,
                       absl::StrFormat("%s: %s %s %s", ShortStudy(at.Hash("study")),
                                       at.entry().type(), Grouped(at.index), why),
                       at.index);
}

// Each scrutineer is an organisation of its own that belongs to the federation.
void CheckNames(const Located& at, const Rulebook& rules, const MaskHistory& masks) {
  std::set<std::string> seen;
  for (const std::string& name : masks.scrutineers) {
    const Member* member = rules.history->FindNode(name);
    if (!seen.insert(name).second) {
      Fail("SCRUTINEERS", at, rules, "makes " + name + " two scrutineers");
    } else if (member == nullptr) {
      Fail("SCRUTINEERS", at, rules, "names the scrutineer " + name + ", who is not enrolled");
    } else if (member->gone_at) {
      Fail("SCRUTINEERS", at, rules,
           absl::StrFormat("names the scrutineer %s, who left or was revoked at %s", name,
                           Grouped(*member->gone_at)));
    }
  }
}

// What depends on the nodes of the coordinator's operator, who may change.
void CheckTrust(const Located& at, const Rulebook& rules, StudyHistory* study) {
  rules.findings->Count("COLLUDERS");
  const History& history = *rules.history;
  study->masks.bound_checked = history.policy_index;
  for (const std::string& name : study->masks.scrutineers) {
    if (history.operator_nodes.count(name) == 0) continue;
    Fail("SCRUTINEERS", at, rules,
         "has the scrutineer " + name + ", whom the coordinator's operator runs");
  }
  uint32_t operated = 0;
  for (const std::string& name : history.operator_nodes) {
    const Member* node = rules.history->FindNode(name);
    if (node != nullptr && !node->gone_at) ++operated;
  }
  const Threshold threshold = study->masks.classes->threshold();
  const absl::Status bound = aggregation::masking::CheckTrustBound(
      {threshold, operated, static_cast<uint32_t>(study->terms.assumed_colluders),
       static_cast<uint32_t>(study->terms.min_nodes)});
  if (!bound.ok()) Fail("COLLUDERS", at, rules, "stands on " + std::string(bound.message()));
  const uint64_t liars = std::max<uint64_t>(1, threshold.threshold - 1 + operated);
  if (history.policy && history.policy->LeastOverlap() <= liars) {
    Fail("COLLUDERS", at, rules,
         absl::StrFormat("relies on witness quorums that share only %d witnesses, want more than "
                         "the %d that may collude",
                         history.policy->LeastOverlap(), liars));
  }
}

// A key of small order would make every secret known: any scalar agrees on zero with it.
bool IsHonestKey(const Digest& key) {
  const std::array<uint8_t, 32> scalar = {8, 1};
  const auto mine = crypto::AgreementKey::FromBytes(scalar);
  return mine.ok() && mine->Agree(key.bytes).ok();
}

}  // namespace

void CheckScrutineers(const Located& at, const Rulebook& rules, StudyHistory* study) {
  MaskHistory& masks = study->masks;
  masks.scrutineers = at.entry().Texts("scrutineer");
  masks.threshold = at.Integer("threshold");
  if (masks.scrutineers.empty()) {
    return rules.findings->NotAsked(
        "SCRUTINEERS", absl::StrFormat("%s has no scrutineers: nothing masked its contributions, "
                                       "and the coordinator could read each with its noise",
                                       ShortStudy(study->digest)));
  }
  rules.findings->Count("SCRUTINEERS");
  CheckNames(at, rules, masks);
  const auto classes = masks.scrutineers.size() > 7 || masks.threshold > 7
                           ? MaskClasses::Create({0, 0})
                           : MaskClasses::Create({static_cast<uint32_t>(masks.scrutineers.size()),
                                                  static_cast<uint32_t>(masks.threshold)});
  if (!classes.ok()) {
    return Fail(
        "SCRUTINEERS", at, rules,
        absl::StrFormat("has %d scrutineers with a threshold of %d, want 2 to 7 of them and "
                        "2 to all of them",
                        masks.scrutineers.size(), masks.threshold));
  }
  masks.classes = *classes;
  CheckTrust(at, rules, study);
}

void CheckScrutineersAgain(const Located& at, const Rulebook& rules, StudyHistory* study) {
  MaskHistory& masks = study->masks;
  if (at.Integer("threshold") != masks.threshold) {
    rules.findings->Count("TERMS");
    Fail("TERMS", at, rules,
         absl::StrFormat("has the threshold %d, was proposed with %d", at.Integer("threshold"),
                         masks.threshold));
  }
  if (masks.is_masked() && masks.bound_checked != rules.history->policy_index) {
    CheckTrust(at, rules, study);
  }
}

void ReplayScrutineer(const Located& at, const Rulebook& rules) {
  rules.findings->Count("WINDOW");
  StudyHistory* study = rules.history->FindStudy(at.Hash("study"));
  const std::string node = at.Text("node");
  if (study == nullptr || !study->propose || !study->masks.NumberOf(node)) {
    return Fail("WINDOW", at, rules, "is by " + node + ", who is no scrutineer of such a study");
  }
  const Digest key = at.Hash("x25519");
  if (!IsHonestKey(key)) {
    Fail("WINDOW", at, rules, "publishes a key whose secrets everybody knows");
  }
  for (const auto& [window, keys] : study->masks.windows) {
    for (const auto& [name, other] : keys) {
      const bool is_same = name == node && window == at.Integer("window");
      if (other != key || is_same) continue;
      Fail("WINDOW", at, rules,
           absl::StrFormat("publishes the key of %s in window %d again", name, window));
    }
  }
  if (study->masks.keys_closed)
    return;  // nothing is sealed for it: it holds no keys, as if it were not there
  const auto [place, is_first] = study->masks.windows[at.Integer("window")].emplace(node, key);
  if (is_first || place->second == key) return;  // saying the same twice changes nothing
  Fail("WINDOW", at, rules,
       absl::StrFormat("is a second key of %s for window %d", node, at.Integer("window")));
}

}  // namespace mutual::audit
