#include "bench/bare_stream.h"

#include <grpcpp/grpcpp.h>

#include <fstream>

#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/status.h"
#include "mutual/federation/v1/federation.grpc.pb.h"

namespace mutual::bench {
namespace {

namespace fed = ::mutual::federation::v1;
constexpr uint64_t kMaxKey = 1 << 20;
constexpr std::streamsize kChunkBytes = 256 * 1024;

class DropReactor final : public grpc::ServerReadReactor<fed::UploadMessage> {
 public:
  DropReactor() { StartRead(&message_); }
  void OnReadDone(bool ok) override {
    if (ok) {
      StartRead(&message_);
    } else {
      Finish(grpc::Status::OK);
    }
  }
  void OnDone() override { delete this; }

 private:
  fed::UploadMessage message_;
};

class DropService final : public fed::Federation::CallbackService {
  grpc::ServerReadReactor<fed::UploadMessage>* Upload(grpc::CallbackServerContext*,
                                                      fed::UploadResponse*) override {
    return new DropReactor();
  }
};

}  // namespace

struct BareServer::State {
  DropService service;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

BareServer::BareServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
BareServer::~BareServer() { state_->server->Shutdown(); }
uint16_t BareServer::port() const { return static_cast<uint16_t>(state_->port); }

absl::StatusOr<std::unique_ptr<BareServer>> BareServer::Start(const std::string& keys) {
  auto credentials = grpc::InsecureServerCredentials();
  if (!keys.empty()) {
    MUTUAL_ASSIGN_OR_RETURN(const std::string key, ReadFile(keys + "/server.key", kMaxKey));
    MUTUAL_ASSIGN_OR_RETURN(const std::string certificate, ReadFile(keys + "/server.crt", kMaxKey));
    grpc::SslServerCredentialsOptions tls;
    tls.pem_key_cert_pairs.push_back({key, certificate});
    credentials = grpc::SslServerCredentials(tls);
  }
  auto state = std::make_unique<State>();
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", credentials, &state->port);
  builder.RegisterService(&state->service);
  state->server = builder.BuildAndStart();
  if (state->server == nullptr || state->port == 0) {
    return Unavailable("the bare server cannot listen on 127.0.0.1");
  }
  return std::unique_ptr<BareServer>(new BareServer(std::move(state)));
}

struct BareChannel::State {
  std::unique_ptr<fed::Federation::Stub> stub;
};

BareChannel::BareChannel(uint16_t port, const std::string& ca) : state_(std::make_unique<State>()) {
  auto credentials = grpc::InsecureChannelCredentials();
  if (!ca.empty()) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = ReadFile(ca, kMaxKey).value_or("");
    credentials = grpc::SslCredentials(options);
  }
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride("coordinator.mutual");
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  state_->stub = fed::Federation::NewStub(
      grpc::CreateCustomChannel(absl::StrFormat("127.0.0.1:%d", port), credentials, arguments));
}
BareChannel::~BareChannel() = default;

absl::Status BareChannel::Send(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  grpc::ClientContext context;
  fed::UploadResponse response;
  auto writer = state_->stub->Upload(&context, &response);
  fed::UploadMessage message;
  std::string buffer(static_cast<size_t>(kChunkBytes), '\0');
  bool open = true;
  while (open && (file.read(buffer.data(), kChunkBytes), file.gcount() > 0)) {
    message.set_data(buffer.data(), static_cast<size_t>(file.gcount()));
    open = writer->Write(message);
  }
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (!status.ok()) return Unavailable("the bare stream broke: %s", status.error_message());
  return absl::OkStatus();
}

}  // namespace mutual::bench
