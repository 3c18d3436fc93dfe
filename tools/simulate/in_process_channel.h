// A node's or researcher's channel to a coordinator in the same process: calls, no network.
#pragma once

#include <optional>
#include <string>

#include "client/channel/channel.h"
#include "coordinator/service/federation_core.h"

namespace mutual::simulate {

// Every call is authenticated by the certificate and goes to what the gRPC services call too. The
// watching calls are UNIMPLEMENTED: the simulation looks when its clock says so. Thread-safe;
// `core` outlives it.
class InProcessChannel : public client::Channel {
 public:
  // `certificate_pem` empty: Hello and Join only.
  InProcessChannel(coordinator::FederationCore* core, std::string certificate_pem)
      : core_(core), certificate_(std::move(certificate_pem)) {}

  absl::StatusOr<client::Greeting> Hello() override;
  absl::StatusOr<std::string> Join(const client::JoinCall& call) override;

  absl::StatusOr<std::vector<client::StudySummary>> ListStudies() override;
  absl::StatusOr<std::string> AnswerStudy(const std::string& entry) override;
  absl::Status Declare(const std::string& entry) override;
  using client::Channel::GetTrust;
  absl::StatusOr<client::TrustReply> GetTrust(const std::string& seen) override;
  absl::Status WatchRounds(const std::function<bool(const std::string&)>& notice) override;
  absl::Status WatchCheckpoints(const std::function<bool(const std::string&)>& notice) override;
  absl::Status Cosign(const client::CosignCall& call) override;
  absl::StatusOr<std::vector<std::string>> ListNewcomers() override;
  absl::Status Endorse(const std::string& entry) override;
  absl::StatusOr<std::string> FetchContent(const Digest& digest, uint64_t max_bytes) override;
  absl::StatusOr<std::string> ReadLog(const std::string& path) override;
  absl::StatusOr<std::string> Upload(const client::UploadCall& call) override;
  absl::Status Decline(const Digest& study, uint64_t round, const std::string& code) override;
  absl::Status WatchMasks(const std::function<bool(const client::MaskDuty&)>& notice) override;
  absl::StatusOr<std::string> SubmitMaskEntry(
      const std::string& entry, const std::vector<client::WrappedKeyCall>& wrapped) override;
  absl::StatusOr<std::vector<client::WrappedKeyCall>> FetchWrappedKeys(const Digest& study,
                                                                       uint64_t masks) override;
  absl::Status SubmitClassSum(const Digest& study, uint64_t round, uint32_t mask_class,
                              std::string_view bytes) override;
  void Cancel() override {}

  // Until Release(), a mask entry waits here instead of being sent: a desk that is shared need not
  // be kept while the log is written. By one thread at a time.
  void Hold() { is_holding_ = true; }
  absl::Status Release();

  absl::StatusOr<client::TrustReply> ResearchTrust(const std::string& seen) override;
  absl::Status ResearchDeclare(const std::string& entry) override;
  absl::StatusOr<Digest> Propose(const std::string& text, const std::string& entry) override;
  absl::StatusOr<std::vector<client::StudySummary>> ResearchStudies() override;
  absl::Status WatchStudy(const Digest& study,
                          const std::function<bool(const client::StudySummary&)>& change) override;
  absl::StatusOr<client::Outcome> GetOutcome(const Digest& study) override;
  absl::StatusOr<std::string> ResearchContent(const Digest& digest, uint64_t max_bytes) override;

 protected:
  // Upload without asking first what the coordinator has.
  absl::StatusOr<std::string> Send(const client::UploadCall& call);

 private:
  absl::StatusOr<coordinator::Caller> CallerAs(const std::string& role);
  absl::StatusOr<std::vector<client::StudySummary>> Studies(const std::string& role);
  absl::StatusOr<client::TrustReply> Trust(const std::string& role, const std::string& seen);
  absl::StatusOr<std::string> Content(const std::string& role, const Digest& digest,
                                      uint64_t max_bytes);

  struct MaskEntry {
    std::string entry;
    std::vector<client::WrappedKeyCall> wrapped;
  };

  coordinator::FederationCore* const core_;
  const std::string certificate_;
  std::optional<coordinator::Caller> caller_;  // once authenticated
  std::optional<transparency::Policy> shown_policy_;
  bool is_holding_ = false;
  std::vector<MaskEntry> held_;
};

// What waits for a node, as its channel would bring it.
std::vector<client::MaskDuty> DutiesOf(coordinator::FederationCore& core, const std::string& node);

}  // namespace mutual::simulate
