#include "client/scrutineer/federation_view.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/status.h"
#include "client/scrutineer/study_reader.h"
#include "transparency/merkle.h"

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
    coordinator_ = {key};
  }
  if (type == "enrol") {
    TakeEnrol(index, *entry);
  } else if (IsSigned(index, *entry)) {
    TakeFederation(index, *entry);
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
  return !keys.empty() && transparency::CheckSigners(entry, keys).ok();
}

uint64_t FederationView::EndorsersOf(uint64_t index, const SignedEntry& entry) const {
  uint64_t endorsers = 0;
  for (const auto& [name, organisation] : organisations_) {
    if (!IsEnrolled(name, index)) continue;
    endorsers += transparency::VerifyNote(entry.note, organisation.keys).ok() ? 1 : 0;
  }
  return endorsers;
}

// The newcomer's own signature is checked by the key that the entry brings; once an admission
// quorum is in force, that many enrolled organisations must have signed too.
void FederationView::TakeEnrol(uint64_t index, const SignedEntry& entry) {
  const auto key = entry.entry.Key("identity-key");
  const auto name = entry.entry.Text("node");
  if (!name.ok() || !key.ok()) return;  // researchers hold no masks
  std::vector<NoteVerifier> keys = coordinator_;
  keys.push_back(*key);
  if (!transparency::CheckSigners(entry, keys).ok() || IsEnrolled(*name, index)) return;
  if (EndorsersOf(index, entry) < admission_quorum_) return;
  EnrolledOrganisation& organisation = organisations_[*name];
  organisation.keys = {*key};
  organisation.enrolled.push_back({index});
}

void FederationView::TakeFederation(uint64_t index, const SignedEntry& entry) {
  const std::string& type = entry.entry.type();
  const bool is_founding = type == "genesis" && index == 0;
  // Otherwise the coordinator alone could set the quorum to zero and enrol whom it invents.
  const bool is_change = type == "policy" && EndorsersOf(index, entry) >= admission_quorum_;
  if (is_founding || is_change) {
    admission_quorum_ = entry.entry.Integer("admission-quorum").value_or(0);
    for (const std::string& node : entry.entry.Texts("operator-node")) {
      operator_nodes_.insert(node);
    }
  }
  if (type == "key-rotation" && entry.entry.Text("purpose").value_or("") == "identity") {
    const auto key = entry.entry.Key("new-key");
    const auto node = entry.entry.Text("node");
    if (key.ok() && node.ok()) organisations_[*node].keys.push_back(*key);
  }
  if (type != "revoke" && type != "leave") return;
  const auto found = organisations_.find(entry.entry.Text("node").value_or(""));
  if (found == organisations_.end()) return;
  for (InForce& span : found->second.enrolled) span.until = std::min(span.until, index);
}

void FederationView::TakeStudy(uint64_t index, const SignedEntry& entry) {
  if (!entry.entry.Has("study")) return;
  const auto study = entry.entry.Hash("study");
  if (study.ok())
    TakeStudyEntry({index, transparency::LeafHash(entry.ToBytes())}, entry.entry,
                   &studies_[*study]);
}

}  // namespace mutual::client
