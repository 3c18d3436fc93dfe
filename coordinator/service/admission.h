// Who enters the federation: enrolments in the log, founders, endorsements of later organisations.
//
// Until the first study is proposed, invitations suffice. Then those who are enrolled become the founders:
// their nodes are the log's witnesses, and every later organisation needs the signatures of as many
// existing ones as the witness quorum, or invented ones could own it (LOG_FORMAT section 1).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "coordinator/enrolment/federation_state.h"
#include "coordinator/log/public_log.h"
#include "coordinator/storage/journal.h"

namespace mutual::coordinator {

// What a newcomer sends: its invitation's secret, what to certify, and its signed enrol entry.
struct JoinRequest {
  std::string secret, certificate_request, entry;
};

// Thread-safe. Calls may wait for the log.
class Admission {
 public:
  struct Parts {
    const FederationState* state;
    Journal* journal;
    PublicLog* log;
    const Clock* clock;
  };
  explicit Admission(const Parts& parts) : parts_(parts) {}

  // The certificate. Besides FederationState::Enrol's codes: BAD_STATEMENT; FAILED_PRECONDITION
  // ENDORSEMENT_NEEDED until enough organisations signed: join again later with the same keys.
  absl::StatusOr<std::string> Join(const JoinRequest& request);
  // Signed enrol entries that wait for endorsements.
  std::vector<std::string> Newcomers();
  // `entry` is a newcomer's entry with a further signature by `organisation`.
  absl::Status Endorse(const std::string& organisation, const crypto::VerifyKey& identity,
                       const std::string& entry);
  // Makes the nodes enrolled so far the witnesses, if nobody is yet. FAILED_PRECONDITION
  // TOO_FEW_ORGANISATIONS below two. Any two quorums share more than `liars` of them.
  absl::Status Found(uint64_t liars);
  // Logs the revocations that the operator recorded since.
  absl::Status LogRevocations();

 private:
  absl::StatusOr<std::string> Enrol(const Newcomer& newcomer,
                                    const transparency::SignedEntry& entry);
  absl::Status CheckEndorsed(const Newcomer& newcomer, transparency::SignedEntry* entry);

  const Parts parts_;
  absl::Mutex mutex_;
  std::map<std::string, transparency::SignedEntry> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mutual::coordinator
