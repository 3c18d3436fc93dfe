// One contribution being received: header, then chunks straight to disk and hash.
#include "base/status.h"
#include "coordinator/service/identity.h"
#include "coordinator/service/services.h"
#include "coordinator/service/upload_intake.h"

namespace mutual::coordinator {

namespace fed = ::mutual::federation::v1;

namespace {

class UploadReactor final : public grpc::ServerReadReactor<fed::UploadMessage> {
 public:
  UploadReactor(FederationCore& core, grpc::CallbackServerContext* context,
                fed::UploadResponse* response)
      : core_(core), response_(response) {
    auto caller = CallerOf(*context, core, "node");
    if (!caller.ok()) {
      Finish(ToGrpc(caller.status()));
      return;
    }
    intake_ = std::make_unique<UploadIntake>(&core, *std::move(caller));
    StartRead(&message_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      // The digest, the disk and the log take their time.
      core_.threads().Run([this] { Finish(ToGrpc(End())); });
      return;
    }
    const absl::Status status = Take();
    // A stream that waits for its node's next bytes holds no message: many may wait at once.
    fed::UploadMessage().Swap(&message_);
    if (status.ok()) {
      StartRead(&message_);
    } else {
      Finish(ToGrpc(status));
    }
  }
  void OnDone() override { delete this; }

 private:
  absl::Status Take() {
    if (message_.has_header()) {
      return intake_->Begin(message_.header().entry(), message_.header().offset());
    }
    return intake_->Append(message_.data());
  }

  absl::Status End() {
    MUTUAL_ASSIGN_OR_RETURN(const std::string receipt, intake_->End());
    response_->set_receipt(receipt);
    return absl::OkStatus();
  }

  FederationCore& core_;
  fed::UploadResponse* const response_;
  std::unique_ptr<UploadIntake> intake_;
  fed::UploadMessage message_;
};

}  // namespace

grpc::ServerReadReactor<fed::UploadMessage>* MakeUploadReactor(
    FederationCore& core, grpc::CallbackServerContext* context, fed::UploadResponse* response) {
  return new UploadReactor(core, context, response);
}

}  // namespace mutual::coordinator
