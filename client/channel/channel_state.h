// The channel over gRPC: what it holds, and what its calls share. Internal to client/channel.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "base/encoding.h"
#include "base/status.h"
#include "client/channel/channel.h"
#include "mutual/federation/v1/federation.grpc.pb.h"
#include "mutual/research/v1/research.grpc.pb.h"

namespace mutual::client {

class GrpcChannel final : public Channel {
 public:
  struct State;
  explicit GrpcChannel(std::unique_ptr<State> state);
  ~GrpcChannel() override;

  absl::StatusOr<Greeting> Hello() override;
  absl::StatusOr<std::string> Join(const JoinCall& call) override;

  absl::StatusOr<std::vector<StudySummary>> ListStudies() override;
  absl::StatusOr<std::string> AnswerStudy(const std::string& entry) override;
  absl::Status Declare(const std::string& entry) override;
  absl::StatusOr<TrustReply> GetTrust() override;
  absl::Status WatchRounds(const std::function<bool(const std::string& receipt)>& notice) override;
  absl::Status WatchCheckpoints(
      const std::function<bool(const std::string& body)>& notice) override;
  absl::Status Cosign(const CosignCall& call) override;
  absl::StatusOr<std::vector<std::string>> ListNewcomers() override;
  absl::Status Endorse(const std::string& entry) override;
  absl::StatusOr<std::string> FetchContent(const Digest& digest, uint64_t max_bytes) override;
  absl::StatusOr<std::string> ReadLog(const std::string& path) override;
  absl::StatusOr<std::string> Upload(const UploadCall& call) override;
  absl::Status Decline(const Digest& study, uint64_t round, const std::string& code) override;
  absl::Status WatchMasks(const std::function<bool(const MaskDuty& duty)>& notice) override;
  absl::StatusOr<std::string> SubmitMaskEntry(const std::string& entry,
                                              const std::vector<WrappedKeyCall>& wrapped) override;
  absl::StatusOr<std::vector<WrappedKeyCall>> FetchWrappedKeys(const Digest& study,
                                                               uint64_t masks) override;
  absl::Status SubmitClassSum(const Digest& study, uint64_t round, uint32_t mask_class,
                              std::string_view bytes) override;
  void Cancel() override;

  absl::StatusOr<TrustReply> ResearchTrust() override;
  absl::StatusOr<Digest> Propose(const std::string& text, const std::string& entry) override;
  absl::StatusOr<std::vector<StudySummary>> ResearchStudies() override;
  absl::Status WatchStudy(const Digest& study,
                          const std::function<bool(const StudySummary&)>& change) override;
  absl::StatusOr<Outcome> GetOutcome(const Digest& study) override;
  absl::StatusOr<std::string> ResearchContent(const Digest& digest, uint64_t max_bytes) override;

 private:
  std::unique_ptr<State> state_;
};

struct GrpcChannel::State {
  std::shared_ptr<grpc::Channel> channel;  // shared with the stubs by gRPC's own interface
  std::unique_ptr<federation::v1::Enrolment::Stub> enrolment;
  std::unique_ptr<federation::v1::Federation::Stub> federation;
  std::unique_ptr<federation::v1::Masks::Stub> masks;
  std::unique_ptr<research::v1::Research::Stub> research;
  std::mutex mutex;
  std::set<grpc::ClientContext*> streams;
  bool cancelled = false;

  bool Enter(grpc::ClientContext* context) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (!cancelled) streams.insert(context);
    return !cancelled;
  }
  void Leave(grpc::ClientContext* context) {
    const std::lock_guard<std::mutex> lock(mutex);
    streams.erase(context);
  }
};

// The error with the stable code that the coordinator sent beside it.
inline absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  const std::string& code = status.error_details();
  return code.empty() ? result : WithCode(result, code);
}

inline void SetDeadline(grpc::ClientContext* context) {
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
}

inline std::string BytesOf(const Digest& digest) { return std::string(AsText(digest.bytes)); }

}  // namespace mutual::client
