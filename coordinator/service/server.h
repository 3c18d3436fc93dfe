// The coordinator's listening side: gRPC callback API, TLS 1.3, health service and reflection.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "coordinator/service/federation_core.h"

namespace mutual::coordinator {

class Server {
 public:
  // UNAVAILABLE with code PORT_TAKEN when the address cannot be listened on. `core` outlives the server.
  static absl::StatusOr<std::unique_ptr<Server>> Start(FederationCore& core);
  ~Server();
  int port() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mutual::coordinator
