// Between gRPC and the core: who is calling, and errors on the wire.
#pragma once

#include <grpcpp/grpcpp.h>

#include <string>

#include "absl/status/statusor.h"
#include "coordinator/service/federation_core.h"
#include "mutual/federation/v1/federation.pb.h"

namespace mutual::coordinator {

// Message and category as they are; the stable code travels in the status details.
grpc::Status ToGrpc(const absl::Status& status);

// The caller of this call when it has `role`; UNAUTHENTICATED or PERMISSION_DENIED WRONG_ROLE otherwise.
absl::StatusOr<Caller> CallerOf(const grpc::CallbackServerContext& context, FederationCore& core,
                                const std::string& role);

absl::StatusOr<Digest> DigestOf(const std::string& bytes);
mutual::federation::v1::StudySummary ToProto(const StudyView& view);

}  // namespace mutual::coordinator
