// The federation as one's own reading of the log shows it.
//
// Reads every entry once, in order, from a reader whose tree the caller verified under a quorum,
// and keeps what masks are about: who is enrolled with which key, mandates, scrutineers' keys,
// masks, rounds. An entry whose signatures do not verify by the keys enrolled at its index is void
// here: it counts for nothing, as if it were not there.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/scrutineer/study_history.h"
#include "transparency/log_reader.h"
#include "transparency/signed_entry.h"

namespace mutual::client {

struct EnrolledOrganisation {
  std::vector<transparency::NoteVerifier> keys;  // identity keys, the newest last
  std::vector<aggregation::masking::InForce> enrolled;
};

// Not thread-safe.
class FederationView {
 public:
  explicit FederationView(std::string origin) : origin_(std::move(origin)) {}

  // Reads what is new. DATA_LOSS LOG_FORKED when the reader's tree does not hold what was read
  // before; errors of the reader are passed on, and the view stays as far as it came.
  absl::Status ReadTo(transparency::LogReader& reader);

  uint64_t size() const { return head_.size; }
  const transparency::TreeHead& head() const { return head_; }
  const std::map<std::string, EnrolledOrganisation>& organisations() const {
    return organisations_;
  }
  bool IsEnrolled(const std::string& node, uint64_t index) const;
  const std::set<std::string>& operator_nodes() const { return operator_nodes_; }
  // nullptr when the log does not know the study.
  const StudyHistory* Find(const Digest& study) const;

 private:
  absl::Status Take(uint64_t index, std::string_view bytes);
  void TakeFederation(uint64_t index, const transparency::SignedEntry& entry);
  void TakeEnrol(uint64_t index, const transparency::SignedEntry& entry);
  void TakeStudy(uint64_t index, const transparency::SignedEntry& entry);
  uint64_t EndorsersOf(uint64_t index, const transparency::SignedEntry& entry) const;
  bool IsSigned(uint64_t index, const transparency::SignedEntry& entry) const;

  const std::string origin_;
  transparency::TreeHead head_;
  uint64_t read_ = 0;  // entries taken
  std::vector<transparency::NoteVerifier> coordinator_;
  uint64_t admission_quorum_ = 0;
  std::map<std::string, EnrolledOrganisation> organisations_;
  std::set<std::string> operator_nodes_;
  std::map<Digest, StudyHistory> studies_;
};

}  // namespace mutual::client
