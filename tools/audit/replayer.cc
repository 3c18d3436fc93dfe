#include "tools/audit/replayer.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"

namespace mutual::audit {
namespace {

using Rule = void (*)(const Located&, const Rulebook&);

const std::map<std::string, Rule, std::less<>>& RuleOfType() {
  static const std::map<std::string, Rule, std::less<>> kRules = {
      {"genesis", ReplayGenesis},
      {"policy", ReplayPolicy},
      {"enrol", ReplayEnrol},
      {"leave", ReplayLeave},
      {"revoke", ReplayRevoke},
      {"key-rotation", ReplayKeyRotation},
      {"propose", ReplayPropose},
      {"mandate", ReplayDecision},
      {"objection", ReplayDecision},
      {"withdraw", ReplayWithdraw},
      {"round-start", ReplayRoundStart},
      {"contribution", ReplayContribution},
      {"close", ReplayClose},
      {"abandon", ReplayAbandon},
      {"tally", ReplayTally},
      {"release", ReplayRelease},
      {"scrutineer", ReplayScrutineer},
      {"masks", ReplayMasks},
      {"keys-ok", ReplayKeysOk},
      {"dispute", ReplayDispute},
      {"software", ReplaySoftware},
      {"incident", ReplayIncident}};
  return kRules;
}

}  // namespace

size_t Replayer::HashOfDigest::operator()(const Digest& digest) const {
  size_t value = 0;
  std::memcpy(&value, digest.bytes.data(), sizeof value);
  return value;
}

const std::vector<std::string_view>& Replayer::Rules() {
  static const std::vector<std::string_view> kRules = {
      "ENTRY-FORM", "ENTRY-SIG", "ENTRY-LOG", "ENTRY-KNOWN", "REPEAT",  "GENESIS", "POLICY",
      "ENROL",      "SIGNER",    "GONE",      "KEYS",        "SEEN",    "PROPOSE", "MANDATE",
      "ROUND",      "ROSTER",    "TERMS",     "MODEL",       "CONTRIB", "CLOSE",   "SCRUTINEERS",
      "COLLUDERS",  "WINDOW",    "MASKS",     "KEYS-OK",     "DISPUTE", "TALLY",   "CLASS-SUM",
      "RELEASE",    "EPSILON",   "BUDGET",    "INCIDENT"};
  return kRules;
}

Replayer::Replayer(std::string origin, HeadAt head_at, Findings* findings)
    : head_at_(std::move(head_at)), findings_(findings) {
  history_.origin = std::move(origin);
  roots_.push_back(transparency::EmptyRoot());
}

bool Replayer::CheckFresh(const Digest& leaf, uint64_t index) {
  findings_->Count("REPEAT");
  if (leaves_.insert(leaf).second) return true;
  findings_->Fail(
      "REPEAT", absl::StrFormat("entry %s has the bytes of an earlier one", Grouped(index)), index);
  return false;
}

void Replayer::Take(std::string_view bytes) {
  const uint64_t index = tree_.size();
  const Digest leaf = transparency::LeafHash(bytes);
  CheckFresh(leaf, index);
  findings_->Count("ENTRY-FORM");
  const auto entry = transparency::ParseSignedEntry(bytes);
  if (entry.ok()) {
    TakeParsed(index, *entry);
  } else {
    findings_->Fail(
        "ENTRY-FORM",
        absl::StrFormat("entry %s: %s", Grouped(index), std::string(entry.status().message())),
        index);
  }
  if (index == 0 && (!entry.ok() || entry->entry.type() != "genesis")) {
    findings_->Fail("GENESIS", "the first entry is no genesis", 0);
  }
  tree_.Append(leaf);
  roots_.push_back(tree_.Root());
  if (roots_.size() > kKeptRoots) roots_.pop_front();
}

void Replayer::TakeParsed(uint64_t index, const transparency::SignedEntry& entry) {
  const Located at{index, &entry};
  findings_->Count("ENTRY-LOG");
  if (entry.entry.log() != history_.origin) {
    findings_->Fail("ENTRY-LOG",
                    absl::StrFormat("entry %s: a %s written for the log %s", Grouped(index),
                                    entry.entry.type(), entry.entry.log()),
                    index);
    return;
  }
  findings_->Count("ENTRY-KNOWN");
  if (!entry.entry.understood()) {
    findings_->Skip("ENTRY-KNOWN",
                    absl::StrFormat("entry %s is a %s@v%d, which this program does not understand",
                                    Grouped(index), entry.entry.type(), entry.entry.version()));
    return;
  }
  ++history_.type_counts[entry.entry.type()];
  const Rulebook rules{&history_, findings_, &epsilons_};
  if (!CheckSignatures(at, rules)) return;
  CheckSeen(at);
  if (const std::string time = at.Text("time"); time > history_.last_time) {
    history_.last_time = time;
  }
  const auto rule = RuleOfType().find(entry.entry.type());
  if (rule != RuleOfType().end()) rule->second(at, rules);
}

absl::StatusOr<Digest> Replayer::RootAt(uint64_t size) {
  const uint64_t first = tree_.size() + 1 - roots_.size();
  if (size >= first) return roots_[static_cast<size_t>(size - first)];
  MUTUAL_ASSIGN_OR_RETURN(const transparency::TreeHead head, head_at_(size));
  return head.root;
}

void Replayer::CheckSeen(const Located& at) {
  if (!at.entry().Has("seen")) return;
  findings_->Count("SEEN");
  const auto seen = at.entry().Head("seen");
  if (!seen.ok()) return;  // Entry::Parse has refused such an entry
  if (seen->size > at.index) {
    findings_->Fail("SEEN",
                    absl::StrFormat("entry %s: a %s that had seen %s entries, more than there were",
                                    Grouped(at.index), at.entry().type(), Grouped(seen->size)),
                    at.index);
    return;
  }
  const auto root = RootAt(seen->size);
  if (!root.ok()) return findings_->Judge("SEEN", root.status(), at.index);
  if (*root == seen->root) return;
  findings_->Fail("SEEN",
                  absl::StrFormat("entry %s: a %s that had seen another log of size %s; its signer "
                                  "was shown a fork",
                                  Grouped(at.index), at.entry().type(), Grouped(seen->size)),
                  at.index);
}

void Replayer::Finish() {
  CheckOpenDisputes(history_, findings_);
  for (auto& [digest, study] : history_.studies) {
    if (study.rounds.empty() || study.rounds.back().IsOver()) continue;
    JudgeClassSums(&study, study.rounds.back(), findings_);
  }
  findings_->PassRest(Rules());
}

}  // namespace mutual::audit
