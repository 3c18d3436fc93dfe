// What a channel holds, and what its calls share. Internal to client/channel.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "base/encoding.h"
#include "base/status.h"
#include "client/channel/channel.h"
#include "mutual/federation/v1/federation.grpc.pb.h"
#include "mutual/research/v1/research.grpc.pb.h"

namespace mutual::client {

struct Channel::State {
  std::shared_ptr<grpc::Channel> channel;  // shared with the stubs by gRPC's own interface
  std::unique_ptr<federation::v1::Enrolment::Stub> enrolment;
  std::unique_ptr<federation::v1::Federation::Stub> federation;
  std::unique_ptr<federation::v1::Masks::Stub> masks;
  std::unique_ptr<research::v1::Research::Stub> research;
  std::mutex mutex;
  std::set<grpc::ClientContext*> streams;
  bool cancelled = false;

  bool Enter(grpc::ClientContext* context) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (!cancelled) streams.insert(context);
    return !cancelled;
  }
  void Leave(grpc::ClientContext* context) {
    const std::lock_guard<std::mutex> lock(mutex);
    streams.erase(context);
  }
};

// The error with the stable code that the coordinator sent beside it.
inline absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  const std::string& code = status.error_details();
  return code.empty() ? result : WithCode(result, code);
}

inline void SetDeadline(grpc::ClientContext* context) {
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
}

inline std::string BytesOf(const Digest& digest) { return std::string(AsText(digest.bytes)); }

}  // namespace mutual::client
