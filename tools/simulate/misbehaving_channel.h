// The channel of an organisation that may do wrong: its own node is honest, what it sends is not.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/node/home.h"
#include "tools/simulate/in_process_channel.h"
#include "tools/simulate/misdeed.h"

namespace mutual::simulate {

// Not thread-safe. `home` signs what is forged; it outlives the channel.
class MisbehavingChannel final : public InProcessChannel {
 public:
  struct Options {
    coordinator::FederationCore* core;
    std::string certificate_pem;
    const client::Home* home;
    Misdeed misdeed;
  };
  explicit MisbehavingChannel(const Options& options)
      : InProcessChannel(options.core, options.certificate_pem),
        home_(options.home),
        misdeed_(options.misdeed) {}

  absl::StatusOr<std::string> Upload(const client::UploadCall& call) override;
  absl::StatusOr<std::string> SubmitMaskEntry(
      const std::string& entry, const std::vector<client::WrappedKeyCall>& wrapped) override;
  absl::Status Decline(const Digest& study, uint64_t round, const std::string& code) override;
  // The code of the node's last refusal, once; empty when there was none.
  std::string TakeDeclined() { return std::exchange(declined_, ""); }
  // Sends what was kept back for the time after the round (kLate). OK when nothing was.
  absl::Status SendKept();
  bool has_kept() const { return kept_.has_value(); }
  // Codes of what the coordinator refused.
  const std::vector<std::string>& refusals() const { return refusals_; }

 private:
  absl::StatusOr<std::string> UploadOther(client::UploadCall call);
  absl::StatusOr<std::string> SendNoted(const client::UploadCall& call);
  absl::StatusOr<std::string> Forge(const std::string& entry) const;

  const client::Home* const home_;
  const Misdeed misdeed_;
  std::optional<client::UploadCall> kept_;
  std::vector<std::string> refusals_;
  std::string declined_;
};

}  // namespace mutual::simulate
