// Who belongs to the federation, with which keys, and which witnesses count.
#include <algorithm>
#include <set>

#include "absl/strings/str_format.h"
#include "base/encoding.h"
#include "tools/audit/rules.h"
#include "transparency/entry_rules.h"
#include "transparency/policy_change.h"

namespace mutual::audit {
namespace {

using transparency::NoteVerifier;
using transparency::Policy;
using transparency::PolicyGroup;

// The names, in the policy, of the witnesses whose organisations signed the entry.
std::set<std::string> SigningWitnesses(const Located& at, const Rulebook& rules,
                                       const Policy& policy) {
  std::set<std::string> names;
  for (const auto& witness : policy.witnesses()) {
    for (const auto& signature : at.signed_entry->note.signatures) {
      const Member* owner = rules.history->FindOwner(signature.name);
      if (owner == nullptr || owner->gone_at || !owner->witness_key) continue;
      if (owner->witness_key->key() == witness.key.key()) names.insert(witness.name);
    }
  }
  return names;
}

void TakePolicy(const Located& at, const Rulebook& rules) {
  History& history = *rules.history;
  const auto policy = transparency::PolicyOf(at.entry());
  if (!policy.ok()) return;  // Entry::Parse has refused such an entry
  history.dishonest = at.Integer("dishonest");
  if (policy->quorum() != "none" && policy->LeastOverlap() <= history.dishonest) {
    rules.findings->Fail(
        "POLICY",
        absl::StrFormat("entry %s: any two quorums share %d witnesses, want more "
                        "than the %d that may be dishonest",
                        Grouped(at.index), policy->LeastOverlap(), history.dishonest),
        at.index);
  }
  history.policy = *policy;
  history.policy_index = at.index;
  history.admission_quorum = at.Integer("admission-quorum");
  const std::vector<std::string> operated = at.entry().Texts("operator-node");
  history.operator_nodes = {operated.begin(), operated.end()};
}

std::string BytesOf(const NoteVerifier& key) { return HexEncode(key.key().bytes()); }

// A failure when a key of the enrolment belongs to somebody already.
void CheckFreshKeys(const Located& at, const Member& newcomer, const Rulebook& rules) {
  std::set<std::string> fresh;
  std::vector<NoteVerifier> all = newcomer.keys;
  if (newcomer.witness_key) all.push_back(*newcomer.witness_key);
  for (const NoteVerifier& key : all) {
    if (!fresh.insert(BytesOf(key)).second) {
      rules.findings->Fail("ENROL",
                           absl::StrFormat("entry %s: %s has one key for two uses",
                                           Grouped(at.index), newcomer.name),
                           at.index);
    }
  }
  for (const auto& [name, member] : rules.history->members) {
    std::vector<NoteVerifier> taken = member.keys;
    if (member.witness_key) taken.push_back(*member.witness_key);
    for (const NoteVerifier& key : taken) {
      if (fresh.count(BytesOf(key)) == 0) continue;
      rules.findings->Fail("ENROL",
                           absl::StrFormat("entry %s: %s has the key of %s", Grouped(at.index),
                                           newcomer.name, member.name),
                           at.index);
    }
  }
}

void CheckEndorsed(const Located& at, const Member& newcomer, const Rulebook& rules) {
  History& history = *rules.history;
  if (!newcomer.is_node || history.admission_quorum == 0 ||
      history.founders.count(newcomer.name) > 0) {
    return;
  }
  std::set<std::string> endorsers;
  for (const auto& signature : at.signed_entry->note.signatures) {
    const Member* owner = history.FindOwner(signature.name);
    if (owner == nullptr || !owner->is_node || owner->gone_at) continue;
    const bool is_theirs =
        std::any_of(owner->keys.begin(), owner->keys.end(),
                    [&](const NoteVerifier& key) { return key.Names(signature); });
    if (is_theirs) endorsers.insert(owner->name);
  }
  if (endorsers.size() >= history.admission_quorum) return;
  rules.findings->Fail(
      "ENROL",
      absl::StrFormat("entry %s: %s is endorsed by %d organisations, want %d", Grouped(at.index),
                      newcomer.name, endorsers.size(), history.admission_quorum),
      at.index);
}

Member* Subject(const Located& at, const Rulebook& rules) {
  return at.entry().Has("node") ? rules.history->FindNode(at.Text("node"))
                                : rules.history->FindResearcher(at.Text("researcher"));
}

bool ReplaceKey(std::vector<NoteVerifier>* keys, const NoteVerifier& from, const NoteVerifier& to) {
  const auto found = std::find(keys->begin(), keys->end(), from);
  if (found == keys->end()) return false;
  *found = to;
  return true;
}

bool Rotate(const Located& at, const Rulebook& rules, const NoteVerifier& from,
            const NoteVerifier& to) {
  History& history = *rules.history;
  if (!at.entry().Has("node") && !at.entry().Has("researcher")) {
    for (auto* key : {&history.coordinator, &history.log_key}) {
      if (!*key || !(**key == from)) continue;
      *key = to;
      return true;
    }
    return false;
  }
  Member* member = Subject(at, rules);
  if (member == nullptr) return false;
  if (member->witness_key && *member->witness_key == from) {
    member->witness_key = to;
    return true;
  }
  return ReplaceKey(&member->keys, from, to);
}

}  // namespace

void ReplayGenesis(const Located& at, const Rulebook& rules) {
  rules.findings->Count("GENESIS");
  History& history = *rules.history;
  if (at.index != 0) {
    rules.findings->Fail(
        "GENESIS", absl::StrFormat("entry %s is a second genesis", Grouped(at.index)), at.index);
    return;
  }
  const auto coordinator = at.entry().Key("coordinator-key");
  const auto log_key = at.entry().Key("log-key");
  if (coordinator.ok()) history.coordinator = *coordinator;
  if (log_key.ok()) history.log_key = *log_key;
  for (const std::string& name : at.entry().Texts("founder")) history.founders.insert(name);
  history.title = at.Text("title");
  history.begun = at.Text("time");
  rules.findings->Count("POLICY");
  TakePolicy(at, rules);
}

void ReplayPolicy(const Located& at, const Rulebook& rules) {
  rules.findings->Count("POLICY");
  History& history = *rules.history;
  if (history.policy) {
    const std::set<std::string> names = SigningWitnesses(at, rules, *history.policy);
    if (!MeetsQuorum(*history.policy, names)) {
      rules.findings->Fail(
          "POLICY",
          absl::StrFormat("entry %s: a new policy that %d witnesses of the old one "
                          "signed, fewer than its quorum %s asks for",
                          Grouped(at.index), names.size(), history.policy->quorum()),
          at.index);
    }
  }
  TakePolicy(at, rules);
}

void ReplayEnrol(const Located& at, const Rulebook& rules) {
  rules.findings->Count("ENROL");
  History& history = *rules.history;
  Member member;
  member.is_node = at.entry().Has("node");
  member.name = at.Text(member.is_node ? "node" : "researcher");
  member.enrolled_at = at.index;
  const auto identity = at.entry().Key("identity-key");
  if (identity.ok()) member.keys.push_back(*identity);
  const auto officers = at.entry().Keys("officer-key");
  if (officers.ok()) member.keys.insert(member.keys.end(), officers->begin(), officers->end());
  const auto witness = at.entry().Key("witness-key");
  if (witness.ok()) member.witness_key = *witness;
  const std::string key = member.is_node ? transparency::NodeKeyName(member.name)
                                         : transparency::ResearcherKeyName(member.name);
  if (at.Text("role") != (member.is_node ? "node" : "researcher")) {
    rules.findings->Fail(
        "ENROL",
        absl::StrFormat("entry %s: %s is enrolled in the role %s, want %s", Grouped(at.index),
                        member.name, at.Text("role"), member.is_node ? "node" : "researcher"),
        at.index);
  }
  if (history.members.count(key) > 0) {
    rules.findings->Fail(
        "ENROL",
        absl::StrFormat("entry %s: %s is enrolled already, at %s", Grouped(at.index), member.name,
                        Grouped(history.members[key].enrolled_at)),
        at.index);
    return;
  }
  CheckFreshKeys(at, member, rules);
  CheckEndorsed(at, member, rules);
  history.members.emplace(key, std::move(member));
}

void ReplayLeave(const Located& at, const Rulebook& rules) {
  Member* member = rules.history->FindNode(at.Text("node"));
  if (member != nullptr && !member->gone_at) member->gone_at = at.index;
}

void ReplayRevoke(const Located& at, const Rulebook& rules) {
  rules.findings->Count("KEYS");
  Member* member = Subject(at, rules);
  if (member == nullptr) {
    rules.findings->Fail(
        "KEYS", absl::StrFormat("entry %s revokes somebody who is not enrolled", Grouped(at.index)),
        at.index);
    return;
  }
  const auto key = at.entry().Key("key");
  if (!key.ok()) {
    if (!member->gone_at) member->gone_at = at.index;
    return;
  }
  if (member->witness_key && *member->witness_key == *key) member->witness_key.reset();
  auto& keys = member->keys;
  keys.erase(std::remove(keys.begin(), keys.end(), *key), keys.end());
}

void ReplayKeyRotation(const Located& at, const Rulebook& rules) {
  rules.findings->Count("KEYS");
  const auto from = at.entry().Key("old-key"), to = at.entry().Key("new-key");
  if (!from.ok() || !to.ok()) return;  // Entry::Parse has refused such an entry
  const bool same_use = from->name() == to->name() && from->type() == to->type();
  if (same_use && Rotate(at, rules, *from, *to)) return;
  rules.findings->Fail("KEYS",
                       absl::StrFormat("entry %s replaces a key named %s that is not in use, or by "
                                       "one of another name",
                                       Grouped(at.index), from->name()),
                       at.index);
}

}  // namespace mutual::audit
