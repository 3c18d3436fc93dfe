// A node's or researcher's connection to its coordinator: blocking calls, outbound only.
//
// Thread-safe. Errors from the coordinator keep their stable code. Programs use gRPC over TLS 1.3
// (Connect); a simulation has the coordinator in its own process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "crypto/secret.h"

namespace mutual::client {

struct ChannelIdentity {
  std::string address;  // host:port
  std::string ca_pem;
  std::string certificate_pem;              // empty: Join only
  const crypto::Secret* key_pem = nullptr;  // of certificate_pem; outlives Connect
};

struct Greeting {
  std::string federation, origin;
};
struct JoinCall {
  std::string secret, certificate_request;
  std::string entry;  // enrol entry, signed by the newcomer
};
// The log as the coordinator shows it.
struct TrustReply {
  std::string checkpoint;
  std::string policy_receipt;  // empty before the founding
};
// A witness's answer to add-checkpoint.
struct CosignCall {
  int code = 0;
  std::string content_type, body;
};

enum class StudyState { kProposed, kRunning, kFinished, kAbandoned };
std::string StateName(StudyState state);  // "proposed", "running", "finished", "abandoned"

struct StudySummary {
  Digest digest;
  std::string title, text;
  StudyState state = StudyState::kProposed;
  uint64_t round = 0, rounds = 0;
  uint32_t accepted = 0, refused = 0;
  std::string reason;
};

struct UploadCall {
  Digest study;
  uint64_t round = 0;
  std::string entry;  // signed contribution entry
  std::string file;   // exact bytes
  uint64_t bytes = 0;
};

struct Outcome {
  StudySummary study;
  std::string result_json, privacy_json;
  std::string model_digest;           // 32 bytes or empty
  std::vector<std::string> receipts;  // see research.proto
};

// What waits for this organisation in a study's masks. A hint: its reader looks into the log.
enum class MaskDutyKind {
  kPublishKey = 1,
  kDrawMasks,
  kConfirm,
  kReveal,
  kTally,
  kClassSums,
  kForget
};
struct MaskDuty {
  MaskDutyKind kind = MaskDutyKind::kForget;
  Digest study;
  uint64_t round = 0, close = 0;
  std::vector<uint64_t> entries;  // masks or dispute entries, by index
  std::vector<uint32_t> classes;
  std::string checkpoint;
};
// A mask key on its way to one holder (aggregation/masking/wrapped_key.h).
struct WrappedKeyCall {
  uint32_t mask_class = 0, holder = 0;
  std::string ephemeral, ciphertext;
};

class Channel {
 public:
  // Over gRPC and TLS.
  static absl::StatusOr<std::unique_ptr<Channel>> Connect(const ChannelIdentity& identity);
  virtual ~Channel() = default;

  virtual absl::StatusOr<Greeting> Hello() = 0;
  virtual absl::StatusOr<std::string> Join(const JoinCall& call) = 0;  // the certificate, PEM

  // For nodes.
  virtual absl::StatusOr<std::vector<StudySummary>> ListStudies() = 0;
  // The receipt of the answer's entry.
  virtual absl::StatusOr<std::string> AnswerStudy(const std::string& entry) = 0;
  // This node's software entry.
  virtual absl::Status Declare(const std::string& entry) = 0;
  virtual absl::StatusOr<TrustReply> GetTrust() = 0;
  // Calls `notice` with the receipt of every round-start, "" for a heartbeat, until it returns
  // false (then OK) or the stream ends.
  virtual absl::Status WatchRounds(
      const std::function<bool(const std::string& receipt)>& notice) = 0;
  // The same with add-checkpoint bodies for this node's witness.
  virtual absl::Status WatchCheckpoints(
      const std::function<bool(const std::string& body)>& notice) = 0;
  virtual absl::Status Cosign(const CosignCall& call) = 0;
  virtual absl::StatusOr<std::vector<std::string>> ListNewcomers() = 0;  // signed enrol entries
  virtual absl::Status Endorse(const std::string& entry) = 0;
  virtual absl::StatusOr<std::string> FetchContent(const Digest& digest, uint64_t max_bytes) = 0;
  // A file of the log; NOT_FOUND when there is none.
  virtual absl::StatusOr<std::string> ReadLog(const std::string& path) = 0;
  // Resumes at what the coordinator already holds. The receipt, also when it had everything.
  virtual absl::StatusOr<std::string> Upload(const UploadCall& call) = 0;
  virtual absl::Status Decline(const Digest& study, uint64_t round, const std::string& code) = 0;
  // The same as WatchRounds with duties; heartbeats are not shown.
  virtual absl::Status WatchMasks(const std::function<bool(const MaskDuty& duty)>& notice) = 0;
  // A signed scrutineer, masks, keys-ok, dispute or tally entry; `wrapped` of a masks entry. The
  // receipt.
  virtual absl::StatusOr<std::string> SubmitMaskEntry(
      const std::string& entry, const std::vector<WrappedKeyCall>& wrapped) = 0;
  virtual absl::StatusOr<std::vector<WrappedKeyCall>> FetchWrappedKeys(const Digest& study,
                                                                       uint64_t masks) = 0;
  // `bytes`: the class sum's words, little-endian.
  virtual absl::Status SubmitClassSum(const Digest& study, uint64_t round, uint32_t mask_class,
                                      std::string_view bytes) = 0;
  // Ends the watching calls in other threads.
  virtual void Cancel() = 0;

  // For researchers.
  virtual absl::StatusOr<TrustReply> ResearchTrust() = 0;
  virtual absl::StatusOr<Digest> Propose(const std::string& text, const std::string& entry) = 0;
  virtual absl::StatusOr<std::vector<StudySummary>> ResearchStudies() = 0;
  virtual absl::Status WatchStudy(const Digest& study,
                                  const std::function<bool(const StudySummary&)>& change) = 0;
  virtual absl::StatusOr<Outcome> GetOutcome(const Digest& study) = 0;
  virtual absl::StatusOr<std::string> ResearchContent(const Digest& digest, uint64_t max_bytes) = 0;
};

}  // namespace mutual::client
