// One contribution being received: header, then chunks straight to disk and hash.
#include "base/status.h"
#include "coordinator/service/identity.h"
#include "coordinator/service/raw_message.h"
#include "coordinator/service/services.h"

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
    if (raw.is_header) {
      fed::UploadHeader header;
      if (!header.ParseFromString(raw.Joined())) return InvalidArgument("the header is malformed");
      return Begin(header);
    }
    if (upload_ == nullptr) {
      return InvalidArgument("the upload began with bytes, want its signed header first");
    }
    if (upload_->size() + raw.size > ticket_.bytes) {
      return WithCode(InvalidArgument("the upload is longer than the %d bytes of its round",
                                      ticket_.bytes),
                      "WRONG_LENGTH");
    }
    return upload_->Append(raw.pieces);
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
    fed::UploadResponse response;
    response.set_receipt(receipt);
    bool own = false;
    const grpc::Status packed =
        grpc::SerializationTraits<fed::UploadResponse>::Serialize(response, response_, &own);
    return packed.ok() ? absl::OkStatus() : Internal("the receipt is too long to be sent");
  }

  FederationCore& core_;
  grpc::ByteBuffer* const response_;
  std::unique_ptr<Caller> caller_;
  grpc::ByteBuffer message_;
  std::string entry_;
  UploadTicket ticket_;
  std::unique_ptr<ContentStore::Upload> upload_;
};

}  // namespace

grpc::ServerReadReactor<grpc::ByteBuffer>* MakeUploadReactor(FederationCore& core,
                                                             grpc::CallbackServerContext* context,
                                                             grpc::ByteBuffer* response) {
  return new UploadReactor(core, context, response);
}

}  // namespace mutual::coordinator
