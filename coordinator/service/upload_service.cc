// One contribution being received: header, then chunks straight to disk and hash.
#include "base/status.h"
#include "coordinator/service/identity.h"
#include "coordinator/service/services.h"

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
    caller_ = std::make_unique<Caller>(*std::move(caller));
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
    if (message_.has_header()) return Begin(message_.header());
    if (upload_ == nullptr) {
      return InvalidArgument("the upload began with bytes, want its signed header first");
    }
    if (upload_->size() + message_.data().size() > ticket_.bytes) {
      return WithCode(InvalidArgument("the upload is longer than the %d bytes of its round",
                                      ticket_.bytes),
                      "WRONG_LENGTH");
    }
    return upload_->Append(message_.data());
  }

  absl::Status Begin(const fed::UploadHeader& header) {
    if (upload_ != nullptr) return InvalidArgument("the upload has two headers, want one");
    entry_ = header.entry();
    MUTUAL_ASSIGN_OR_RETURN(ticket_, core_.CheckUpload(*caller_, entry_));
    MUTUAL_ASSIGN_OR_RETURN(upload_, core_.store().Resume(ticket_.name, header.offset()));
    if (upload_->size() != header.offset()) {
      return WithCode(FailedPrecondition("the upload resumes at byte %d, the coordinator holds %d; ask "
                                         "again and resume there",
                                         header.offset(), upload_->size()),
                      "WRONG_OFFSET");
    }
    return absl::OkStatus();
  }

  absl::Status End() {
    if (upload_ == nullptr) return InvalidArgument("the upload was empty");
    if (upload_->size() != ticket_.bytes) {
      return Unavailable("the upload ended after %d of %d bytes; resume it", upload_->size(),
                         ticket_.bytes);
    }
    MUTUAL_RETURN_IF_ERROR(upload_->Finish(ticket_.sha256));
    MUTUAL_ASSIGN_OR_RETURN(const std::string receipt,
                            core_.FinishUpload(*caller_, ticket_, entry_));
    response_->set_receipt(receipt);
    return absl::OkStatus();
  }

  FederationCore& core_;
  fed::UploadResponse* const response_;
  std::unique_ptr<Caller> caller_;
  fed::UploadMessage message_;
  std::string entry_;
  UploadTicket ticket_;
  std::unique_ptr<ContentStore::Upload> upload_;
};

}  // namespace

grpc::ServerReadReactor<fed::UploadMessage>* MakeUploadReactor(
    FederationCore& core, grpc::CallbackServerContext* context, fed::UploadResponse* response) {
  return new UploadReactor(core, context, response);
}

}  // namespace mutual::coordinator
