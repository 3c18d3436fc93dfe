// A node's or researcher's connection to its coordinator: gRPC over TLS 1.3, outbound only.
//
// Blocking calls; thread-safe. Errors from the coordinator keep their stable code.
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
  std::string address;           // host:port
  std::string ca_pem;
  std::string certificate_pem;   // empty: Join only
  const crypto::Secret* key_pem = nullptr;  // of certificate_pem; outlives Connect
};

struct Greeting {
  std::string federation, origin;
};
struct JoinCall {
  std::string secret, certificate_request;
  std::string entry;             // enrol entry, signed by the newcomer
};
// The log as the coordinator shows it.
struct TrustReply {
  std::string checkpoint;
  std::string policy_receipt;    // empty before the founding
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
  std::string entry;      // signed contribution entry
  std::string file;       // exact bytes
  uint64_t bytes = 0;
};

struct Outcome {
  StudySummary study;
  std::string result_json, privacy_json;
  std::string model_digest;  // 32 bytes or empty
  std::vector<std::string> receipts;  // see research.proto
};

// What waits for this organisation in a study's masks. A hint: its reader looks into the log.
enum class MaskDutyKind { kPublishKey = 1, kDrawMasks, kConfirm, kReveal, kTally, kClassSums, kForget };
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
  static absl::StatusOr<std::unique_ptr<Channel>> Connect(const ChannelIdentity& identity);
  ~Channel();

  absl::StatusOr<Greeting> Hello();
  absl::StatusOr<std::string> Join(const JoinCall& call);  // the certificate, PEM

  // For nodes.
  absl::StatusOr<std::vector<StudySummary>> ListStudies();
  // The receipt of the answer's entry.
  absl::StatusOr<std::string> AnswerStudy(const std::string& entry);
  // This node's software entry.
  absl::Status Declare(const std::string& entry);
  // `seen`: the newest checkpoint verified here, told after every connection; a coordinator whose storage was set
  // back learns so. Empty: not told.
  absl::StatusOr<TrustReply> GetTrust(const std::string& seen = "");
  // Calls `notice` with the receipt of every round-start, "" for a heartbeat, until it returns false (then
  // OK) or the stream ends.
  absl::Status WatchRounds(const std::function<bool(const std::string& receipt)>& notice);
  // The same with add-checkpoint bodies for this node's witness.
  absl::Status WatchCheckpoints(const std::function<bool(const std::string& body)>& notice);
  absl::Status Cosign(const CosignCall& call);
  absl::StatusOr<std::vector<std::string>> ListNewcomers();  // signed enrol entries
  absl::Status Endorse(const std::string& entry);
  absl::StatusOr<std::string> FetchContent(const Digest& digest, uint64_t max_bytes);
  // A file of the log; NOT_FOUND when there is none.
  absl::StatusOr<std::string> ReadLog(const std::string& path);
  // Resumes at what the coordinator already holds. The receipt, also when it had everything.
  absl::StatusOr<std::string> Upload(const UploadCall& call);
  absl::Status Decline(const Digest& study, uint64_t round, const std::string& code);
  // The same as WatchRounds with duties; heartbeats are not shown.
  absl::Status WatchMasks(const std::function<bool(const MaskDuty& duty)>& notice);
  // A signed scrutineer, masks, keys-ok, dispute or tally entry; `wrapped` of a masks entry. The receipt.
  absl::StatusOr<std::string> SubmitMaskEntry(const std::string& entry,
                                              const std::vector<WrappedKeyCall>& wrapped);
  absl::StatusOr<std::vector<WrappedKeyCall>> FetchWrappedKeys(const Digest& study, uint64_t masks);
  // `bytes`: the class sum's words, little-endian.
  absl::Status SubmitClassSum(const Digest& study, uint64_t round, uint32_t mask_class,
                              std::string_view bytes);
  // Ends the watching calls in other threads.
  void Cancel();

  // For researchers.
  absl::StatusOr<TrustReply> ResearchTrust(const std::string& seen);  // as of GetTrust
  // The researcher's software entry.
  absl::Status ResearchDeclare(const std::string& entry);
  absl::StatusOr<Digest> Propose(const std::string& text, const std::string& entry);
  absl::StatusOr<std::vector<StudySummary>> ResearchStudies();
  absl::Status WatchStudy(const Digest& study,
                          const std::function<bool(const StudySummary&)>& change);
  absl::StatusOr<Outcome> GetOutcome(const Digest& study);
  absl::StatusOr<std::string> ResearchContent(const Digest& digest, uint64_t max_bytes);

 private:
  struct State;
  explicit Channel(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mutual::client
