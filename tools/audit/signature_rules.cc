// Who signed an entry, and whether that was theirs to sign.
#include <algorithm>
#include <vector>

#include "absl/strings/str_format.h"
#include "tools/audit/rules.h"

namespace mutual::audit {
namespace {

using transparency::NoteVerifier;

void AddOwnKeys(const Located& at, std::vector<NoteVerifier>* keys) {
  const char* const line = at.entry().type() == "genesis" ? "coordinator-key" : "identity-key";
  const auto key = at.entry().Key(line);
  if (key.ok()) keys->push_back(*key);
}

// The enrolled keys that the signature lines claim to be by.
std::vector<NoteVerifier> ClaimedKeys(const Located& at, History& history) {
  std::vector<NoteVerifier> keys;
  const std::string& type = at.entry().type();
  if (type == "genesis" && at.index == 0) AddOwnKeys(at, &keys);
  if (type == "enrol") AddOwnKeys(at, &keys);
  for (const auto& signature : at.signed_entry->note.signatures) {
    if (history.coordinator && history.coordinator->Names(signature)) {
      keys.push_back(*history.coordinator);
    }
    const Member* owner = history.FindOwner(signature.name);
    if (owner == nullptr) continue;
    for (const NoteVerifier& key : owner->keys) {
      if (key.Names(signature) && std::find(keys.begin(), keys.end(), key) == keys.end()) {
        keys.push_back(key);
      }
    }
  }
  return keys;
}

bool ReportGone(const Located& at, const Rulebook& rules) {
  bool is_gone = false;
  for (const auto& signature : at.signed_entry->note.signatures) {
    const Member* owner = rules.history->FindOwner(signature.name);
    if (owner == nullptr || !owner->gone_at) continue;
    const bool is_theirs =
        std::any_of(owner->keys.begin(), owner->keys.end(),
                    [&](const NoteVerifier& key) { return key.Names(signature); });
    if (!is_theirs) continue;
    is_gone = true;
    rules.findings->Fail(
        "GONE",
        absl::StrFormat("entry %s: a %s signed by %s, who left or was revoked at %s",
                        Grouped(at.index), at.entry().type(), signature.name,
                        Grouped(*owner->gone_at)),
        at.index);
  }
  return is_gone;
}

}  // namespace

bool CheckSignatures(const Located& at, const Rulebook& rules) {
  Findings& findings = *rules.findings;
  for (const char* const id : {"ENTRY-SIG", "SIGNER", "GONE"}) findings.Count(id);
  const std::vector<NoteVerifier> keys = ClaimedKeys(at, *rules.history);
  const std::string& type = at.entry().type();
  if (keys.empty()) {
    findings.Fail(
        "SIGNER",
        absl::StrFormat("entry %s: a %s that nobody enrolled signed; its first signature "
                        "claims to be by %s",
                        Grouped(at.index), type, at.signed_entry->note.signatures.front().name),
        at.index);
    return false;
  }
  const absl::Status status = transparency::CheckSigners(*at.signed_entry, keys);
  if (!status.ok()) {
    const bool is_forged = status.code() == absl::StatusCode::kUnauthenticated;
    findings.Fail(is_forged ? "ENTRY-SIG" : "SIGNER",
                  absl::StrFormat("entry %s: a %s: %s", Grouped(at.index), type,
                                  std::string(status.message())),
                  at.index);
    return false;
  }
  return !ReportGone(at, rules);
}

}  // namespace mutual::audit
