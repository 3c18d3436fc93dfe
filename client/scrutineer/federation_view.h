// The federation as one's own reading of the log shows it.
//
// Reads every entry once, in order, from a reader whose tree the caller verified under a quorum,
// and keeps what masks are about: who is enrolled with which key, mandates, scrutineers' keys,
// masks, rounds. An entry whose signatures do not verify by the keys enrolled at its index is void
// here: it counts for nothing, as if it were not there. So is a policy that the old one's quorum
// did not sign ⚔, or the coordinator alone could choose its witnesses.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/scrutineer/study_history.h"
#include "transparency/log_reader.h"
#include "transparency/policy.h"
#include "transparency/signed_entry.h"

namespace mutual::client {

struct EnrolledOrganisation {
  std::vector<transparency::NoteVerifier> keys;           // identity, in force
  std::optional<transparency::NoteVerifier> witness_key;  // in force
  std::vector<aggregation::masking::InForce> enrolled;
};

// Not thread-safe.
class FederationView {
 public:
  explicit FederationView(std::string origin) : origin_(std::move(origin)) {}

  // Reads what is new. DATA_LOSS LOG_FORKED when the reader's tree does not hold what was read
  // before; errors of the reader are passed on, and the view stays as far as it came.
  absl::Status ReadTo(transparency::LogReader& reader);

  const std::string& origin() const { return origin_; }
  uint64_t size() const { return head_.size; }
  const transparency::TreeHead& head() const { return head_; }
  const std::map<std::string, EnrolledOrganisation>& organisations() const {
    return organisations_;
  }
  bool IsEnrolled(const std::string& node, uint64_t index) const;
  const std::set<std::string>& operator_nodes() const { return operator_nodes_; }
  // The witness policy in force, nullptr before the genesis, and the entry that brought it.
  const transparency::Policy* policy() const { return policy_ ? &*policy_ : nullptr; }
  uint64_t policy_index() const { return policy_index_; }
  // nullptr when the log does not know the study.
  const StudyHistory* Find(const Digest& study) const;

 private:
  absl::Status Take(uint64_t index, std::string_view bytes);
  void TakeFederation(uint64_t index, const transparency::SignedEntry& entry);
  void TakePolicy(uint64_t index, const transparency::SignedEntry& entry);
  void TakeKeys(uint64_t index, const transparency::SignedEntry& entry);
  void TakeEnrol(uint64_t index, const transparency::SignedEntry& entry);
  void TakeStudy(uint64_t index, const transparency::SignedEntry& entry);
  std::set<std::string> EndorsersOf(uint64_t index, const transparency::SignedEntry& entry) const;
  bool MayChangePolicy(uint64_t index, const transparency::SignedEntry& entry) const;
  bool IsSigned(uint64_t index, const transparency::SignedEntry& entry) const;

  const std::string origin_;
  transparency::TreeHead head_;
  uint64_t read_ = 0;  // entries taken
  std::vector<transparency::NoteVerifier> coordinator_;
  std::optional<transparency::NoteVerifier> log_key_;
  std::optional<transparency::Policy> policy_;
  uint64_t policy_index_ = 0;
  uint64_t admission_quorum_ = 0;
  std::map<std::string, std::vector<transparency::NoteVerifier>> researchers_;
  std::map<std::string, EnrolledOrganisation> organisations_;
  std::set<std::string> operator_nodes_;
  std::map<Digest, StudyHistory> studies_;
};

}  // namespace mutual::client
