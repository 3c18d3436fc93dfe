#include "coordinator/service/upload_intake.h"

#include "base/status.h"

namespace mutual::coordinator {

absl::Status UploadIntake::Begin(const std::string& entry, uint64_t offset) {
  if (upload_ != nullptr) return InvalidArgument("the upload has two headers, want one");
  entry_ = entry;
  MUTUAL_ASSIGN_OR_RETURN(ticket_, core_->CheckUpload(caller_, entry_));
  MUTUAL_ASSIGN_OR_RETURN(upload_, core_->store().Resume(ticket_.name, offset));
  if (upload_->size() != offset) {
    return WithCode(
        FailedPrecondition("the upload resumes at byte %d, the coordinator holds %d; ask "
                           "again and resume there",
                           offset, upload_->size()),
        "WRONG_OFFSET");
  }
  return absl::OkStatus();
}

absl::Status UploadIntake::Append(std::string_view bytes) {
  if (upload_ == nullptr) {
    return InvalidArgument("the upload began with bytes, want its signed header first");
  }
  if (upload_->size() + bytes.size() > ticket_.bytes) {
    return WithCode(
        InvalidArgument("the upload is longer than the %d bytes of its round", ticket_.bytes),
        "WRONG_LENGTH");
  }
  return upload_->Append(bytes);
}

absl::StatusOr<std::string> UploadIntake::End() {
  if (upload_ == nullptr) return InvalidArgument("the upload was empty");
  if (upload_->size() != ticket_.bytes) {
    return Unavailable("the upload ended after %d of %d bytes; resume it", upload_->size(),
                       ticket_.bytes);
  }
  MUTUAL_RETURN_IF_ERROR(upload_->Finish(ticket_.sha256));
  return core_->FinishUpload(caller_, ticket_, entry_);
}

}  // namespace mutual::coordinator
