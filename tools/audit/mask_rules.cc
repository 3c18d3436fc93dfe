// Mask keys: committed to for every class and holder, and confirmed by every scrutineer. Incidents.
#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_format.h"
#include "tools/audit/rules.h"

namespace mutual::audit {
namespace {

using aggregation::masking::KeyWindow;
using aggregation::masking::MaskCommitments;

void Fail(const char* id, const Located& at, const Rulebook& rules, const std::string& why) {
  rules.findings->Fail(
      id, absl::StrFormat("entry %s: a %s %s", Grouped(at.index), at.entry().type(), why),
      at.index);
}

// The commits of all classes in order; nothing when one is missing, stands twice or is none's.
std::optional<std::vector<Digest>> CommitsOf(const Located& at, uint32_t classes) {
  const auto commits = at.entry().ClassHashes("commit");
  if (!commits.ok() || commits->size() != classes) return std::nullopt;
  std::map<uint64_t, Digest> by_class;
  for (const auto& commit : *commits) by_class[commit.mask_class] = commit.hash;
  if (by_class.size() != classes || by_class.rbegin()->first >= classes) return std::nullopt;
  std::vector<Digest> in_order;
  for (const auto& [mask_class, commit] : by_class) in_order.push_back(commit);
  return in_order;
}

// The same of what was sealed for every holder that is there, and zero for the others.
std::optional<std::vector<std::vector<Digest>>> SealedOf(const Located& at, const KeyWindow& window,
                                                         const MaskHistory& masks) {
  const auto sealed = at.entry().SealedHashes("sealed");
  if (!sealed.ok()) return std::nullopt;
  std::map<std::pair<uint64_t, std::string>, Digest> by_holder;
  for (const auto& one : *sealed) by_holder[{one.mask_class, one.holder}] = one.hash;
  std::vector<std::vector<Digest>> in_order(window.classes.size());
  size_t found = 0;
  for (uint32_t c = 0; c < window.classes.size(); ++c) {
    for (const uint32_t holder : window.classes.Holders(c)) {
      Digest& digest = in_order[c].emplace_back();
      if (!window.IsPresent(holder)) continue;
      const auto one = by_holder.find({c, masks.scrutineers[holder]});
      if (one == by_holder.end()) return std::nullopt;
      digest = one->second;
      ++found;
    }
  }
  // As many lines as holders, so that none stands twice or goes to somebody else.
  if (found != sealed->size() || found != by_holder.size()) return std::nullopt;
  return in_order;
}

// Newer masks take the place of older ones only where a dispute made a key public.
void CheckReplaces(const Located& at, const Rulebook& rules, const MaskHistory& masks,
                   const MaskCommitments& newer) {
  const auto older = masks.in_force.find(at.Text("node"));
  if (older == masks.in_force.end()) return;
  const LoggedMasks& before = masks.masks.at(older->second);
  if (before.window != at.Integer("window") || before.is_disputed) return;
  if (before.commitments == newer) return;  // the same keys, said twice
  Fail("MASKS", at, rules,
       absl::StrFormat("replaces those of %s in the same window, at %s, which nobody disputed",
                       before.node, Grouped(older->second)));
}

// Whom a keys-ok brings onto the roster.
void Confirm(const std::string& scrutineer, uint64_t index, MaskHistory* masks) {
  LoggedMasks& one = masks->masks.at(index);
  const bool before = masks->IsConfirmed(one.node);
  one.confirmed_by.insert(scrutineer);
  if (!before && masks->IsConfirmed(one.node)) masks->confirmed.push_back(one.node);
}

}  // namespace

void ReplayMasks(const Located& at, const Rulebook& rules) {
  rules.findings->Count("MASKS");
  StudyHistory* study = rules.history->FindStudy(at.Hash("study"));
  if (study == nullptr || !study->propose || !study->masks.is_masked()) {
    return Fail("MASKS", at, rules, "for a study that was not proposed with scrutineers before");
  }
  if (!study->rounds.empty()) {
    return Fail("MASKS", at, rules, "that came when the join window was over, after round 1 began");
  }
  MaskHistory& masks = study->masks;
  masks.keys_closed = true;
  const uint64_t window = at.Integer("window");
  const auto facts = masks.WindowOf(window, rules.history->origin, study->digest);
  if (!facts.ok()) {
    return Fail("MASKS", at, rules,
                "that came too early: " + std::string(facts.status().message()));
  }
  const auto node = NodeId::Parse(at.Text("node"));
  const auto commits = CommitsOf(at, masks.classes->size());
  const auto sealed = SealedOf(at, *facts, masks);
  if (!node.ok() || !commits || !sealed) {
    return Fail("MASKS", at, rules,
                absl::StrFormat("of %s that has not one commit for each of %d mask classes and one "
                                "sealed key for each holder that published a key",
                                at.Text("node"), masks.classes->size()));
  }
  const MaskCommitments commitments{*node, *commits, *sealed};
  CheckReplaces(at, rules, masks, commitments);
  masks.masks.emplace(at.index, LoggedMasks{node->name(), window, commitments, {}, false, false});
  masks.in_force[node->name()] = at.index;
  // Whoever confirmed the older masks has to confirm these.
  masks.confirmed.erase(std::remove(masks.confirmed.begin(), masks.confirmed.end(), node->name()),
                        masks.confirmed.end());
}

void ReplayKeysOk(const Located& at, const Rulebook& rules) {
  rules.findings->Count("KEYS-OK");
  StudyHistory* study = rules.history->FindStudy(at.Hash("study"));
  const std::string scrutineer = at.Text("node");
  if (study == nullptr || !study->propose || !study->masks.NumberOf(scrutineer)) {
    return Fail("KEYS-OK", at, rules,
                "by " + scrutineer + ", who is no scrutineer of such a study");
  }
  std::set<uint64_t> named;
  for (const uint64_t index : at.Integers("masks")) {
    const auto found = study->masks.masks.find(index);
    if (found == study->masks.masks.end() || found->second.window != at.Integer("window") ||
        !named.insert(index).second) {
      Fail("KEYS-OK", at, rules,
           absl::StrFormat("that names %s, which is no masks entry of its study and window before "
                           "it, or names it twice",
                           Grouped(index)));
      continue;
    }
    Confirm(scrutineer, index, &study->masks);
  }
}

void ReplaySoftware(const Located& at, const Rulebook& rules) {
  if (at.entry().Has("node") || at.entry().Has("researcher")) return;
  rules.history->software.push_back(
      {at.index, at.Text("program"), at.Text("version"), at.Hash("sha256")});
}

void ReplayIncident(const Located& at, const Rulebook& rules) {
  rules.findings->Count("INCIDENT");
  rules.history->incidents.push_back({at.index, at.Text("code"), at.Text("what"), at.Text("time")});
  for (const uint64_t index : at.Integers("entry")) {
    if (index >= at.index) Fail("INCIDENT", at, rules, "that refers to a later entry");
  }
}

}  // namespace mutual::audit
