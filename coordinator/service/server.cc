#include "coordinator/service/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <cstdlib>

#include "base/encoding.h"
#include "base/status.h"
#include "coordinator/service/services.h"

namespace mutual::coordinator {

struct Server::State {
  std::unique_ptr<grpc::Service> enrolment, federation, research, masks;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
  state_->server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  state_->server->Wait();
}

int Server::port() const { return state_->port; }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(FederationCore& core) {
  // With ECDSA certificates only, an RSA-only list leaves TLS 1.2 no suite: TLS 1.3 it is.
  ::setenv("GRPC_SSL_CIPHER_SUITES", "ECDHE-RSA-AES256-GCM-SHA384", 1);
  auto state = std::make_unique<State>();
  state->enrolment = MakeEnrolmentService(core);
  state->federation = MakeFederationService(core);
  state->research = MakeResearchService(core);
  state->masks = MakeMaskService(core);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();

  const FederationState& federation = core.state();
  // The certificate is requested here and judged in the core, which can say what is wrong with it.
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
  tls.pem_root_certs = federation.authority().certificate_pem();
  tls.pem_key_cert_pairs.push_back(
      {std::string(AsText(federation.server_key().bytes())),
       federation.server_certificate() + federation.authority().certificate_pem()});
  grpc::ServerBuilder builder;
  builder.AddListeningPort(federation.listen(), grpc::SslServerCredentials(tls), &state->port);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5000);
  // What a connection may hold in memory is bounded, so that a coordinator's memory does not grow with what its nodes
  // send: a window of 64 KiB a stream besides the message being read. A connection reads into four pieces at a time and
  // keeps them: with 16 KiB each they are a fifth of a connection's memory.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 64 << 10);
  builder.AddChannelArgument(GRPC_ARG_TCP_MAX_READ_CHUNK_SIZE, 16 << 10);
  builder.SetMaxReceiveMessageSize(4 << 20);
  builder.RegisterService(state->enrolment.get());
  builder.RegisterService(state->federation.get());
  builder.RegisterService(state->research.get());
  builder.RegisterService(state->masks.get());
  state->server = builder.BuildAndStart();
  if (state->server == nullptr || state->port == 0) {
    return WithCode(Unavailable("cannot listen on %s; another program may be using the port. Change "
                                "listen in coordinator.toml or stop that program",
                                federation.listen()),
                    "PORT_TAKEN");
  }
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

}  // namespace mutual::coordinator
