#include "coordinator/service/class_sum_intake.h"

#include "base/status.h"

namespace mutual::coordinator {

absl::Status ClassSumIntake::Begin(const ClassSumName& name) {
  if (upload_ != nullptr) return InvalidArgument("the class sum has two headers, want one");
  name_ = name;
  MUTUAL_ASSIGN_OR_RETURN(ticket_, core_->CheckClassSum(caller_, name_));
  MUTUAL_ASSIGN_OR_RETURN(upload_, core_->store().Resume(ticket_.name, 0));
  return absl::OkStatus();
}

absl::Status ClassSumIntake::Append(std::string_view bytes) {
  if (upload_ == nullptr) {
    return InvalidArgument("the class sum began with bytes, want its header first");
  }
  if (upload_->size() + bytes.size() > ticket_.bytes) {
    return WithCode(
        InvalidArgument("the class sum is longer than the %d bytes of its round", ticket_.bytes),
        "WRONG_LENGTH");
  }
  return upload_->Append(bytes);
}

absl::Status ClassSumIntake::End() {
  if (upload_ == nullptr) return InvalidArgument("the class sum was empty");
  MUTUAL_RETURN_IF_ERROR(upload_->Finish(ticket_.sha256));
  return core_->FinishClassSum(name_, ticket_);
}

}  // namespace mutual::coordinator
