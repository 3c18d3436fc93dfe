#include "coordinator/service/identity.h"

#include "base/encoding.h"
#include "base/status.h"

namespace mutual::coordinator {

namespace fed = ::mutual::federation::v1;

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()),
                      ErrorCode(status));
}

absl::StatusOr<Caller> CallerOf(const grpc::CallbackServerContext& context, FederationCore& core,
                                const std::string& role) {
  const auto auth = context.auth_context();
  std::string pem;
  if (auth != nullptr) {
    const auto found = auth->FindPropertyValues("x509_pem_cert");
    if (!found.empty()) pem = std::string(found[0].data(), found[0].size());
  }
  MUTUAL_ASSIGN_OR_RETURN(Caller caller, core.Authenticate(pem));
  if (caller.role != role) {
    return WithCode(PermissionDenied("%s is enrolled as %s; this call is for the role %s",
                                     caller.organisation, caller.role, role),
                    "WRONG_ROLE");
  }
  return caller;
}

absl::StatusOr<Digest> DigestOf(const std::string& bytes) {
  return Digest::FromHex(HexEncode(AsBytes(bytes)));
}

fed::StudySummary ToProto(const StudyView& view) {
  fed::StudySummary proto;
  proto.set_digest(std::string(AsText(view.record.digest.bytes)));
  proto.set_title(view.title);
  proto.set_text(view.record.text);
  const std::string& state = view.record.state;
  proto.set_state(state == "running"     ? fed::STUDY_STATE_RUNNING
                  : state == "finished"  ? fed::STUDY_STATE_FINISHED
                  : state == "abandoned" ? fed::STUDY_STATE_ABANDONED
                                         : fed::STUDY_STATE_PROPOSED);
  proto.set_round(view.round);
  proto.set_rounds(view.rounds);
  proto.set_accepted(static_cast<uint32_t>(view.accepted));
  proto.set_refused(static_cast<uint32_t>(view.refused));
  proto.set_reason(view.record.reason);
  return proto;
}

}  // namespace mutual::coordinator
