#include "client/scrutineer/federation_view.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/status.h"
#include "client/scrutineer/study_reader.h"
#include "transparency/entry_rules.h"
#include "transparency/merkle.h"
#include "transparency/policy_change.h"

namespace mutual::client {

using aggregation::masking::InForce;
using transparency::Entry;
using transparency::NoteVerifier;
using transparency::SignedEntry;

absl::Status FederationView::ReadTo(transparency::LogReader& reader) {
  const transparency::TreeHead& tree = reader.tree();
  if (tree.size < head_.size) return absl::OkStatus();
  if (head_.size > 0) {
    MUTUAL_ASSIGN_OR_RETURN(const transparency::TreeHead before, reader.HeadAt(head_.size));
    if (before != head_) {
      return WithCode(DataLoss("the log no longer holds what this node read in it before; it takes "
                               "part in nothing more"),
                      "LOG_FORKED");
    }
  }
  MUTUAL_RETURN_IF_ERROR(
      reader.ForEach(read_, tree.size, [&](uint64_t index, std::string_view bytes) {
        MUTUAL_RETURN_IF_ERROR(Take(index, bytes));
        read_ = index + 1;
        return absl::OkStatus();
      }));
  head_ = tree;
  return absl::OkStatus();
}

bool FederationView::IsEnrolled(const std::string& node, uint64_t index) const {
  const auto found = organisations_.find(node);
  return found != organisations_.end() &&
         std::any_of(found->second.enrolled.begin(), found->second.enrolled.end(),
                     [index](const InForce& span) { return span.At(index); });
}

const StudyHistory* FederationView::Find(const Digest& study) const {
  const auto found = studies_.find(study);
  return found == studies_.end() ? nullptr : &found->second;
}

absl::Status FederationView::Take(uint64_t index, std::string_view bytes) {
  const absl::StatusOr<SignedEntry> entry = transparency::ParseSignedEntry(bytes);
  // What is no entry, or of another log, says nothing to anybody.
  if (!entry.ok() || !entry->entry.understood() || entry->entry.log() != origin_) {
    return absl::OkStatus();
  }
  const std::string& type = entry->entry.type();
  if (type == "genesis" && index == 0) {
    MUTUAL_ASSIGN_OR_RETURN(const NoteVerifier key, entry->entry.Key("coordinator-key"));
    MUTUAL_ASSIGN_OR_RETURN(log_key_, entry->entry.Key("log-key"));
    coordinator_ = {key};
  }
  if (type == "enrol") {
    TakeEnrol(index, *entry);
  } else if (IsSigned(index, *entry)) {
    if ((type == "genesis" && index == 0) || (type == "policy" && MayChangePolicy(index, *entry))) {
      TakePolicy(index, *entry);
    }
    TakeKeys(index, *entry);
    TakeStudy(index, *entry);
  }
  return absl::OkStatus();
}

bool FederationView::IsSigned(uint64_t index, const SignedEntry& entry) const {
  std::vector<NoteVerifier> keys = coordinator_;
  const auto node = entry.entry.Has("node") ? entry.entry.Text("node") : std::string();
  if (node.ok() && IsEnrolled(*node, index)) {
    const auto& own = organisations_.at(*node).keys;
    keys.insert(keys.end(), own.begin(), own.end());
  }
  const auto researcher =
      entry.entry.Has("researcher") ? entry.entry.Text("researcher") : std::string();
  if (researcher.ok() && researchers_.count(*researcher) > 0) {
    const auto& own = researchers_.at(*researcher);
    keys.insert(keys.end(), own.begin(), own.end());
  }
  return !keys.empty() && transparency::CheckSigners(entry, keys).ok();
}

std::set<std::string> FederationView::EndorsersOf(uint64_t index, const SignedEntry& entry) const {
  std::set<std::string> endorsers;
  for (const auto& [name, organisation] : organisations_) {
    if (!IsEnrolled(name, index)) continue;
    if (transparency::VerifyNote(entry.note, organisation.keys).ok()) endorsers.insert(name);
  }
  return endorsers;
}

// The old policy's quorum of those whose enrolled witness key it lists, and not fewer organisations
// than a newcomer needs. Witnesses outside the federation sign no entries.
bool FederationView::MayChangePolicy(uint64_t index, const SignedEntry& entry) const {
  const std::set<std::string> endorsers = EndorsersOf(index, entry);
  if (!policy_ || endorsers.size() < admission_quorum_) return false;
  std::set<std::string> witnesses;
  for (const transparency::PolicyWitness& witness : policy_->witnesses()) {
    for (const std::string& name : endorsers) {
      const auto& key = organisations_.at(name).witness_key;
      if (key && key->key() == witness.key.key()) witnesses.insert(witness.name);
    }
  }
  return transparency::MeetsQuorum(*policy_, witnesses);
}

void FederationView::TakePolicy(uint64_t index, const SignedEntry& entry) {
  const auto policy = transparency::PolicyOf(entry.entry);
  const auto dishonest = entry.entry.Integer("dishonest");
  const auto admission = entry.entry.Integer("admission-quorum");
  if (!policy.ok() || !dishonest.ok() || !admission.ok() || policy->logs().size() != 1 ||
      !(policy->logs()[0].key == *log_key_)) {
    return;
  }
  if (policy->quorum() != "none" && policy->LeastOverlap() <= *dishonest) return;
  policy_ = *policy;
  policy_index_ = index;
  admission_quorum_ = *admission;
  for (const std::string& node : entry.entry.Texts("operator-node")) operator_nodes_.insert(node);
}

// The newcomer's own signature is checked by the key that the entry brings; once an admission
// quorum is in force, that many enrolled organisations must have signed too.
void FederationView::TakeEnrol(uint64_t index, const SignedEntry& entry) {
  const auto key = entry.entry.Key("identity-key");
  if (!key.ok()) return;
  std::vector<NoteVerifier> keys = coordinator_;
  keys.push_back(*key);
  if (!transparency::CheckSigners(entry, keys).ok()) return;
  if (!entry.entry.Has("node")) {
    const auto researcher = entry.entry.Text("researcher");
    if (researcher.ok()) researchers_.try_emplace(*researcher, std::vector<NoteVerifier>{*key});
    return;
  }
  const auto name = entry.entry.Text("node");
  if (!name.ok() || IsEnrolled(*name, index)) return;
  if (EndorsersOf(index, entry).size() < admission_quorum_) return;
  EnrolledOrganisation& organisation = organisations_[*name];
  organisation.keys = {*key};
  const auto witness = entry.entry.Key("witness-key");
  organisation.witness_key = witness.ok() ? std::optional<NoteVerifier>(*witness) : std::nullopt;
  organisation.enrolled.push_back({index});
}

// A rotation puts the new key in the old one's place; a revocation names one key or everybody's
// end.
void FederationView::TakeKeys(uint64_t index, const SignedEntry& entry) {
  const std::string& type = entry.entry.type();
  if (type != "key-rotation" && type != "revoke" && type != "leave") return;
  const auto found = organisations_.find(entry.entry.Text("node").value_or(""));
  if (found == organisations_.end()) return;
  EnrolledOrganisation& own = found->second;
  const bool is_rotation = type == "key-rotation";
  if (!is_rotation && !entry.entry.Has("key")) {
    for (InForce& span : own.enrolled) span.until = std::min(span.until, index);
    return;
  }
  const auto old_key = entry.entry.Key(is_rotation ? "old-key" : "key");
  const auto new_key = entry.entry.Key(is_rotation ? "new-key" : "key");
  if (!old_key.ok() || !new_key.ok()) return;
  if (own.witness_key && *own.witness_key == *old_key) {
    own.witness_key = is_rotation ? std::optional<NoteVerifier>(*new_key) : std::nullopt;
  }
  if (is_rotation) {
    std::replace(own.keys.begin(), own.keys.end(), *old_key, *new_key);
  } else {
    std::erase(own.keys, *old_key);
  }
}

void FederationView::TakeStudy(uint64_t index, const SignedEntry& entry) {
  if (!entry.entry.Has("study")) return;
  const auto study = entry.entry.Hash("study");
  if (study.ok())
    TakeStudyEntry({index, transparency::LeafHash(entry.ToBytes())}, entry.entry,
                   &studies_[*study]);
}

}  // namespace mutual::client
