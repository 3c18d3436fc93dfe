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

struct JoinCall {
  std::string secret, organisation, role, certificate_request;
  std::string identity_key, witness_key;  // 32 bytes each
};
struct JoinReply {
  std::string certificate_pem, federation, origin;
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

struct RoundNotice {
  std::string start;      // empty: heartbeat
  std::string signature;
};

struct UploadCall {
  Digest study;
  uint64_t round = 0;
  std::string statement, signature;
  std::string file;       // exact bytes
  uint64_t bytes = 0;
};

struct Outcome {
  StudySummary study;
  std::string result_json, privacy_json;
  std::string model_digest;  // 32 bytes or empty
};

class Channel {
 public:
  static absl::StatusOr<std::unique_ptr<Channel>> Connect(const ChannelIdentity& identity);
  ~Channel();

  absl::StatusOr<JoinReply> Join(const JoinCall& call);

  // For nodes.
  absl::StatusOr<std::vector<StudySummary>> ListStudies();
  absl::Status AnswerStudy(const std::string& statement, const std::string& signature);
  // Calls `notice` for every round and heartbeat until it returns false (then OK) or the stream ends.
  absl::Status WatchRounds(const std::function<bool(const RoundNotice&)>& notice);
  absl::StatusOr<std::string> FetchContent(const Digest& digest, uint64_t max_bytes);
  // Resumes at what the coordinator already holds. OK also when it has everything.
  absl::Status Upload(const UploadCall& call);
  absl::Status Decline(const Digest& study, uint64_t round, const std::string& code);
  // Ends WatchRounds and WatchStudy in other threads.
  void Cancel();

  // For researchers.
  absl::StatusOr<Digest> Propose(const std::string& text);
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
