// The coordinator without its network: who may do what, the studies, and the worker that releases
// sums.
//
// Thread-safe. One mutex guards everything; sums are computed by one worker thread outside it.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "coordinator/enrolment/federation_state.h"
#include "coordinator/log/cosign_board.h"
#include "coordinator/log/public_log.h"
#include "coordinator/service/admission.h"
#include "coordinator/service/certificate_cache.h"
#include "coordinator/service/own_entries.h"
#include "coordinator/service/study_run.h"
#include "coordinator/service/waiting_threads.h"
#include "coordinator/storage/content_store.h"
#include "coordinator/storage/journal.h"

namespace mutual::coordinator {

struct Caller {
  std::string organisation, role;
  crypto::VerifyKey identity;
};

// A study as others see it.
struct StudyView {
  StudyRecord record;
  std::string title;
  uint64_t round = 0, rounds = 0;
  int accepted = 0, refused = 0;
};

// An upload that was checked and may be received.
struct UploadTicket {
  Digest study;
  uint64_t round = 0;
  Digest sha256;
  uint64_t bytes = 0;
  std::string name;                                // of the partial upload
  std::optional<transparency::SignedEntry> entry;  // of a contribution, its signature checked
};

// Which class sum of which round.
struct ClassSumName {
  Digest study;
  uint64_t round = 0;
  uint32_t mask_class = 0;
};

// The caller's own entry of one of `types` for the log `origin`, its signature checked; signatures
// of others are left out. PERMISSION_DENIED BAD_STATEMENT.
absl::StatusOr<transparency::SignedEntry> OwnEntry(const Caller& caller, const std::string& bytes,
                                                   const std::string& origin,
                                                   const std::set<std::string>& types);

class FederationCore {
 public:
  struct Parts {
    const FederationState* state;
    Journal* journal;
    ContentStore* store;
    PublicLog* log;
    CosignBoard* board;
    Retention* retention;
    const Clock* clock;
    std::function<void(const std::string&)> say;
  };
  static absl::StatusOr<std::unique_ptr<FederationCore>> Start(const Parts& parts);
  ~FederationCore();

  // The certificate of a newcomer; see Admission.
  absl::StatusOr<std::string> Join(const JoinRequest& request);
  Admission& admission() { return admission_; }
  // The enrolled holder of a client certificate. UNAUTHENTICATED with a code of
  // crypto/certificate.h, CERTIFICATE_MISSING or CERTIFICATE_REVOKED.
  absl::StatusOr<Caller> Authenticate(const std::string& certificate_pem);

  // The study file and its propose entry, signed by the researcher.
  absl::StatusOr<Digest> Propose(const Caller& caller, const std::string& text,
                                 const std::string& entry);
  // A node's or researcher's own account of the program that it runs, signed by it.
  absl::Status Declare(const Caller& caller, const std::string& entry);
  std::vector<StudyView> Studies();
  absl::StatusOr<StudyView> Study(const Digest& digest);
  // A mandate or objection, signed by the node. The receipt.
  absl::StatusOr<std::string> Answer(const Caller& caller, const std::string& entry);

  // Receipts of the round-starts that `node` has still to answer.
  std::vector<std::string> NoticesFor(const std::string& node);
  // `entry`: the contribution entry, signed by the node.
  absl::StatusOr<UploadTicket> CheckUpload(const Caller& caller, const std::string& entry);
  // Logs the entry and counts the contribution. The receipt. May wait for the log.
  absl::StatusOr<std::string> FinishUpload(const Caller& caller, const UploadTicket& ticket);
  static std::string PartialName(const std::string& node, const Digest& study, uint64_t round);
  // Masks (federation_masks.cc). A signed entry of a join window or a tally, logged and taken. The
  // receipt.
  std::vector<MaskDuty> DutiesFor(const std::string& organisation);
  absl::StatusOr<std::string> SubmitMaskEntry(const Caller& caller, const std::string& entry,
                                              const WrappedKeys& wrapped);
  absl::StatusOr<WrappedKeys> WrappedFor(const std::string& scrutineer, const Digest& study,
                                         uint64_t masks);
  absl::StatusOr<UploadTicket> CheckClassSum(const Caller& caller, const ClassSumName& name);
  absl::Status FinishClassSum(const ClassSumName& name, const UploadTicket& ticket);

  absl::Status Decline(const Caller& caller, const Digest& study, uint64_t round,
                       const std::string& code);
  bool HasContribution(const std::string& node, const Digest& study, uint64_t round);
  // Whether `digest` is the model of an open round or of a finished study: what may be fetched.
  bool IsModel(const Digest& digest);
  ContentStore& store() { return *parts_.store; }
  PublicLog& log() { return *parts_.log; }
  CosignBoard& board() { return *parts_.board; }
  WaitingThreads& threads() { return threads_; }  // for calls that may wait for the log
  // The receipt of a contribution that stands in the log.
  absl::StatusOr<std::string> ContributionReceipt(const std::string& node, const Digest& study,
                                                  uint64_t round);
  // Receipts of the entries behind a finished study's outcome (research.proto), those that are
  // found, up to three megabytes.
  std::vector<std::string> OutcomeReceipts(const StudyView& view);
  const FederationState& state() const { return *parts_.state; }

  // `changed` is called, without the lock, after anything changed and with every heartbeat.
  uint64_t Subscribe(std::function<void()> changed);
  void Unsubscribe(uint64_t id);
  void NotifyAll();
  // Heartbeats so far, the first at the start: one every 10 s, every second while scrutineers are
  // asked.
  uint64_t beat() const { return beat_; }
  // The worker looks at once at what is due: after the clock was moved by hand.
  void Wake();

 private:
  // A contribution that is in the log and waits to be counted (federation_arrivals.cc).
  struct Arrival {
    const UploadTicket* ticket;
    ContributionArrived event;
    absl::Status status;
    bool is_taken = false;
  };
  explicit FederationCore(const Parts& parts)
      : parts_(parts),
        admission_({parts.state, parts.journal, parts.log, parts.clock}),
        certificates_(parts.state->authority().certificate_pem()) {}
  absl::Status LoadAll();
  void Work();
  void LogOwnEntries();
  bool LogOne();
  void SeekCosigners();
  bool ReleaseOne();
  bool PublishOne();
  void FailRun(StudyRun* run, const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckScrutineers(const study::Study& study);
  absl::Status TakeContribution(const UploadTicket& ticket, const ContributionArrived& event);
  void TakeArrivals() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  StudyRun* Find(const Digest& digest) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  StudyView ViewOf(const StudyRun& run) const;
  std::set<std::string> ActiveNodes() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Parts parts_;
  std::vector<Program> programs_;  // as they were at the start; their digests take time
  Admission admission_;
  CertificateCache certificates_;
  absl::Mutex mutex_;
  std::map<std::string, Organisation> organisations_ ABSL_GUARDED_BY(mutex_);
  absl::Time roster_read_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::vector<std::unique_ptr<StudyRun>> runs_ ABSL_GUARDED_BY(mutex_);
  bool changed_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Mutex arrivals_mutex_;
  std::vector<Arrival*> arrivals_ ABSL_GUARDED_BY(arrivals_mutex_);  // each lives in its own call
  absl::Mutex subscribers_mutex_;
  std::map<uint64_t, std::function<void()>> subscribers_ ABSL_GUARDED_BY(subscribers_mutex_);
  uint64_t next_subscriber_ ABSL_GUARDED_BY(subscribers_mutex_) = 1;
  std::atomic<uint64_t> beat_ = 1;
  std::chrono::steady_clock::time_point sought_;  // cosigners, last; the worker's
  std::thread worker_;
  WaitingThreads threads_{256};
};

}  // namespace mutual::coordinator
