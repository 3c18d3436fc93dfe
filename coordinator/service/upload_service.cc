// One contribution being received: header, then chunks straight to disk and hash.
#include "base/status.h"
#include "coordinator/service/identity.h"
#include "coordinator/service/raw_message.h"
#include "coordinator/service/services.h"
#include "coordinator/service/upload_intake.h"

namespace mutual::coordinator {

namespace fed = ::mutual::federation::v1;

namespace {

class UploadReactor final : public grpc::ServerReadReactor<grpc::ByteBuffer> {
 public:
  UploadReactor(FederationCore& core, grpc::CallbackServerContext* context,
                grpc::ByteBuffer* response)
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
    message_.Clear();
    if (status.ok()) {
      StartRead(&message_);
    } else {
      Finish(ToGrpc(status));
    }
  }
  void OnDone() override { delete this; }

 private:
  absl::Status Take() {
    MUTUAL_ASSIGN_OR_RETURN(const RawMessage raw, ReadRaw(&message_));
    if (!raw.is_header) return intake_->Append(raw.pieces);
    fed::UploadHeader header;
    if (!header.ParseFromString(raw.Joined())) return InvalidArgument("the header is malformed");
    return intake_->Begin(header.entry(), header.offset());
  }

  absl::Status End() {
    MUTUAL_ASSIGN_OR_RETURN(const std::string receipt, intake_->End());
    fed::UploadResponse response;
    response.set_receipt(receipt);
    bool own = false;
    const grpc::Status packed =
        grpc::SerializationTraits<fed::UploadResponse>::Serialize(response, response_, &own);
    return packed.ok() ? absl::OkStatus() : Internal("the receipt is too long to be sent");
  }

  FederationCore& core_;
  grpc::ByteBuffer* const response_;
  std::unique_ptr<UploadIntake> intake_;
  grpc::ByteBuffer message_;
};

}  // namespace

grpc::ServerReadReactor<grpc::ByteBuffer>* MakeUploadReactor(FederationCore& core,
                                                             grpc::CallbackServerContext* context,
                                                             grpc::ByteBuffer* response) {
  return new UploadReactor(core, context, response);
}

}  // namespace mutual::coordinator
