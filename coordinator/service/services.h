// The gRPC services over a FederationCore, which outlives them.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "coordinator/service/federation_core.h"
#include "mutual/federation/v1/federation.grpc.pb.h"

namespace mutual::coordinator {

std::unique_ptr<grpc::Service> MakeEnrolmentService(FederationCore& core);
std::unique_ptr<grpc::Service> MakeFederationService(FederationCore& core);
std::unique_ptr<grpc::Service> MakeResearchService(FederationCore& core);
std::unique_ptr<grpc::Service> MakeMaskService(FederationCore& core);  // mask_service.cc

// upload_service.cc
grpc::ServerReadReactor<grpc::ByteBuffer>* MakeUploadReactor(FederationCore& core,
                                                             grpc::CallbackServerContext* context,
                                                             grpc::ByteBuffer* response);

}  // namespace mutual::coordinator
