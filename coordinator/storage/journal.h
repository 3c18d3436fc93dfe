// The coordinator's durable memory: roster, invitations, studies, answers and round events.
//
// SQLite, WAL, synchronous=FULL: every write is committed before the call returns, so a coordinator
// killed at any point resumes from here. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ids.h"

namespace mutual::coordinator {

struct Organisation {
  std::string name, role;
  std::string certificate;   // SHA-256 of the DER, hex
  std::string identity_key;  // hex
  std::string witness_key;   // hex
  std::string enrolled_at;   // UTC text
  std::string revoked_at;    // empty while a member
};

struct InvitationRecord {
  std::string secret_sha256;  // hex
  std::string role;
  std::string expires;  // UTC text
  bool used = false;
};

struct StudyRecord {
  Digest digest;
  std::string text, proposer, proposed_at;
  std::string state;                             // proposed, running, finished, abandoned
  std::string reason;                            // why abandoned
  std::string roster;                            // names, one per line, fixed when running begins
  std::string result_json, privacy_json, model;  // model: hex or empty
};

struct AnswerRow {
  std::string node;
  bool accepted = false;
  std::string entry;  // the mandate or objection, as logged
};

// What the operator puts on record: an entry of the log, and the end of a study if it names one.
struct IncidentRow {
  std::string code, what, time;
  std::string study;  // hex, or empty
};

class Journal {
 public:
  virtual ~Journal() = default;
  // DATA_LOSS JOURNAL_CORRUPT when its integrity check fails.
  static absl::StatusOr<std::unique_ptr<Journal>> Open(const std::string& path);

  virtual absl::Status AddInvitation(const InvitationRecord& invitation) = 0;
  virtual absl::StatusOr<std::optional<InvitationRecord>> FindInvitation(
      const std::string& secret_sha256) = 0;
  // Marks the invitation used and adds the organisation, in one transaction. ALREADY_EXISTS
  // INVITATION_USED or NAME_TAKEN.
  virtual absl::Status Enrol(const std::string& secret_sha256,
                             const Organisation& organisation) = 0;
  virtual absl::StatusOr<std::vector<Organisation>> Organisations() = 0;
  virtual absl::Status Revoke(const std::string& name, const std::string& time) = 0;

  virtual absl::Status AddIncident(const IncidentRow& incident) = 0;
  virtual absl::StatusOr<std::vector<IncidentRow>> Incidents() = 0;  // in the order they were added

  virtual absl::Status SaveStudy(const StudyRecord& study) = 0;  // adds or replaces
  virtual absl::StatusOr<std::vector<StudyRecord>> Studies() = 0;
  virtual absl::Status SaveAnswer(const Digest& study, const AnswerRow& answer) = 0;
  virtual absl::StatusOr<std::vector<AnswerRow>> Answers(const Digest& study) = 0;

  // Appends events of a round in one transaction, all or none.
  virtual absl::Status AppendEvents(const Digest& study, uint64_t round,
                                    const std::vector<std::string>& events) = 0;
  // Appends one. With `state` (optimizer bytes), both are written in one transaction.
  virtual absl::Status AppendEvent(const Digest& study, uint64_t round, const std::string& event,
                                   const std::string& state) = 0;
  virtual absl::StatusOr<std::vector<std::string>> Events(const Digest& study, uint64_t round) = 0;
  virtual absl::StatusOr<uint64_t> LastRound(const Digest& study) = 0;     // 0: none opened
  virtual absl::StatusOr<std::string> LastState(const Digest& study) = 0;  // "" when none
};

}  // namespace mutual::coordinator
