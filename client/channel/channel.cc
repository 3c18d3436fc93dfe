#include "client/channel/channel.h"

#include <grpcpp/grpcpp.h>

#include <cstdlib>
#include <fstream>

#include "base/encoding.h"
#include "base/status.h"
#include "client/channel/channel_state.h"
#include "crypto/digest.h"

namespace mutual::client {
namespace {

namespace fed = ::mutual::federation::v1;
namespace res = ::mutual::research::v1;

constexpr size_t kChunkBytes = 256 * 1024;
constexpr uint64_t kLogFileBytes = uint64_t{256} * (65535 + 2);  // the largest bundle of entries

absl::StatusOr<StudySummary> FromProto(const fed::StudySummary& proto) {
  StudySummary summary;
  MUTUAL_ASSIGN_OR_RETURN(summary.digest, Digest::FromHex(HexEncode(AsBytes(proto.digest()))));
  summary.title = proto.title();
  summary.text = proto.text();
  switch (proto.state()) {
    case fed::STUDY_STATE_RUNNING:
      summary.state = StudyState::kRunning;
      break;
    case fed::STUDY_STATE_FINISHED:
      summary.state = StudyState::kFinished;
      break;
    case fed::STUDY_STATE_ABANDONED:
      summary.state = StudyState::kAbandoned;
      break;
    default:
      summary.state = StudyState::kProposed;
  }
  summary.round = proto.round();
  summary.rounds = proto.rounds();
  summary.accepted = proto.accepted();
  summary.refused = proto.refused();
  summary.reason = proto.reason();
  return summary;
}

absl::StatusOr<std::vector<StudySummary>> FromProto(const fed::ListStudiesResponse& response) {
  std::vector<StudySummary> studies;
  for (const fed::StudySummary& proto : response.studies()) {
    MUTUAL_ASSIGN_OR_RETURN(studies.emplace_back(), FromProto(proto));
  }
  return studies;
}

}  // namespace

std::string StateName(StudyState state) {
  switch (state) {
    case StudyState::kProposed:
      return "proposed";
    case StudyState::kRunning:
      return "running";
    case StudyState::kFinished:
      return "finished";
    case StudyState::kAbandoned:
      return "abandoned";
  }
  return "unknown";
}

namespace {

absl::StatusOr<std::string> ReadAll(grpc::ClientReader<fed::Chunk>& reader, uint64_t max_bytes) {
  std::string contents;
  fed::Chunk chunk;
  while (reader.Read(&chunk)) {
    if (contents.size() + chunk.data().size() > max_bytes) {
      return WithCode(DataLoss("content is larger than the %d bytes expected", max_bytes),
                      "CONTENT_TOO_LARGE");
    }
    contents += chunk.data();
  }
  MUTUAL_RETURN_IF_ERROR(FromGrpc(reader.Finish()));
  return contents;
}

// One question and its answer.
template <typename Stub, typename Request, typename Response>
absl::Status Ask(Stub& stub,
                 grpc::Status (Stub::*call)(grpc::ClientContext*, const Request&, Response*),
                 const Request& request, Response* response) {
  grpc::ClientContext context;
  SetDeadline(&context);
  return FromGrpc((stub.*call)(&context, request, response));
}

template <typename Stub>
absl::StatusOr<std::string> Fetch(Stub& stub, const Digest& digest, uint64_t max_bytes) {
  grpc::ClientContext context;
  fed::FetchContentRequest request;
  request.set_digest(BytesOf(digest));
  MUTUAL_ASSIGN_OR_RETURN(std::string contents,
                          ReadAll(*stub.FetchContent(&context, request), max_bytes));
  if (crypto::Sha256(contents) != digest) {
    return WithCode(DataLoss("content does not match its digest %s", digest.Short()),
                    "CONTENT_CORRUPT");
  }
  return contents;
}

}  // namespace

GrpcChannel::GrpcChannel(std::unique_ptr<State> state) : state_(std::move(state)) {}
GrpcChannel::~GrpcChannel() { Cancel(); }

absl::StatusOr<std::unique_ptr<Channel>> Channel::Connect(const ChannelIdentity& identity) {
  // With ECDSA certificates only, an RSA-only list leaves TLS 1.2 no suite: TLS 1.3 it is.
  ::setenv("GRPC_SSL_CIPHER_SUITES", "ECDHE-RSA-AES256-GCM-SHA384", 1);
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = identity.ca_pem;
  if (!identity.certificate_pem.empty()) {
    options.pem_cert_chain = identity.certificate_pem;
    options.pem_private_key = std::string(AsText(identity.key_pem->bytes()));
  }
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride("coordinator.mutual");
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  // gRPC also takes this one as the time that a connection attempt may last.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 20000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  auto state = std::make_unique<GrpcChannel::State>();
  state->channel =
      grpc::CreateCustomChannel(identity.address, grpc::SslCredentials(options), arguments);
  state->enrolment = fed::Enrolment::NewStub(state->channel);
  state->federation = fed::Federation::NewStub(state->channel);
  state->masks = fed::Masks::NewStub(state->channel);
  state->research = res::Research::NewStub(state->channel);
  return std::make_unique<GrpcChannel>(std::move(state));
}

void GrpcChannel::Cancel() {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->cancelled = true;
  for (grpc::ClientContext* context : state_->streams) context->TryCancel();
}

absl::StatusOr<Greeting> GrpcChannel::Hello() {
  fed::HelloResponse response;
  MUTUAL_RETURN_IF_ERROR(
      Ask(*state_->enrolment, &fed::Enrolment::Stub::Hello, fed::HelloRequest(), &response));
  return Greeting{response.federation(), response.origin()};
}

absl::StatusOr<std::string> GrpcChannel::Join(const JoinCall& call) {
  fed::JoinRequest request;
  request.set_secret(call.secret);
  request.set_certificate_request(call.certificate_request);
  request.set_entry(call.entry);
  fed::JoinResponse response;
  MUTUAL_RETURN_IF_ERROR(Ask(*state_->enrolment, &fed::Enrolment::Stub::Join, request, &response));
  return response.certificate();
}

absl::StatusOr<std::vector<StudySummary>> GrpcChannel::ListStudies() {
  fed::ListStudiesResponse response;
  MUTUAL_RETURN_IF_ERROR(Ask(*state_->federation, &fed::Federation::Stub::ListStudies,
                             fed::ListStudiesRequest(), &response));
  return FromProto(response);
}

absl::StatusOr<std::string> GrpcChannel::AnswerStudy(const std::string& entry) {
  fed::AnswerStudyRequest request;
  request.set_entry(entry);
  fed::AnswerStudyResponse response;
  MUTUAL_RETURN_IF_ERROR(
      Ask(*state_->federation, &fed::Federation::Stub::AnswerStudy, request, &response));
  return response.receipt();
}

absl::Status GrpcChannel::Declare(const std::string& entry) {
  fed::DeclareRequest request;
  request.set_entry(entry);
  fed::DeclareResponse response;
  return Ask(*state_->federation, &fed::Federation::Stub::Declare, request, &response);
}

absl::StatusOr<TrustReply> GrpcChannel::GetTrust() {
  fed::TrustResponse response;
  MUTUAL_RETURN_IF_ERROR(
      Ask(*state_->federation, &fed::Federation::Stub::GetTrust, fed::TrustRequest(), &response));
  return TrustReply{response.checkpoint(), response.policy_receipt()};
}

absl::Status GrpcChannel::WatchRounds(const std::function<bool(const std::string&)>& notice) {
  grpc::ClientContext context;
  if (!state_->Enter(&context)) return absl::CancelledError("stopping");
  auto reader = state_->federation->WatchRounds(&context, {});
  fed::RoundNotice proto;
  bool stopped = false;
  while (!stopped && reader->Read(&proto)) stopped = !notice(proto.receipt());
  if (stopped) context.TryCancel();
  const grpc::Status status = reader->Finish();
  state_->Leave(&context);
  return stopped ? absl::OkStatus() : FromGrpc(status);
}

absl::Status GrpcChannel::WatchCheckpoints(const std::function<bool(const std::string&)>& notice) {
  grpc::ClientContext context;
  if (!state_->Enter(&context)) return absl::CancelledError("stopping");
  auto reader = state_->federation->WatchCheckpoints(&context, {});
  fed::CheckpointRequest proto;
  bool stopped = false;
  while (!stopped && reader->Read(&proto)) stopped = !notice(proto.body());
  if (stopped) context.TryCancel();
  const grpc::Status status = reader->Finish();
  state_->Leave(&context);
  return stopped ? absl::OkStatus() : FromGrpc(status);
}

absl::Status GrpcChannel::Cosign(const CosignCall& call) {
  fed::CosignRequest request;
  request.set_code(static_cast<uint32_t>(call.code));
  request.set_content_type(call.content_type);
  request.set_body(call.body);
  fed::CosignResponse response;
  return Ask(*state_->federation, &fed::Federation::Stub::Cosign, request, &response);
}

absl::StatusOr<std::vector<std::string>> GrpcChannel::ListNewcomers() {
  fed::ListNewcomersResponse response;
  MUTUAL_RETURN_IF_ERROR(Ask(*state_->federation, &fed::Federation::Stub::ListNewcomers,
                             fed::ListNewcomersRequest(), &response));
  return std::vector<std::string>(response.entries().begin(), response.entries().end());
}

absl::Status GrpcChannel::Endorse(const std::string& entry) {
  fed::EndorseRequest request;
  request.set_entry(entry);
  fed::EndorseResponse response;
  return Ask(*state_->federation, &fed::Federation::Stub::Endorse, request, &response);
}

absl::StatusOr<std::string> GrpcChannel::FetchContent(const Digest& digest, uint64_t max_bytes) {
  return Fetch(*state_->federation, digest, max_bytes);
}

absl::StatusOr<std::string> GrpcChannel::ReadLog(const std::string& path) {
  grpc::ClientContext context;
  SetDeadline(&context);
  fed::ReadLogRequest request;
  request.set_path(path);
  return ReadAll(*state_->federation->ReadLog(&context, request), kLogFileBytes);
}

absl::StatusOr<std::string> GrpcChannel::Upload(const UploadCall& call) {
  fed::UploadStatusRequest question;
  question.set_study(BytesOf(call.study));
  question.set_round(call.round);
  fed::UploadStatusResponse held;
  {
    grpc::ClientContext context;
    SetDeadline(&context);
    MUTUAL_RETURN_IF_ERROR(FromGrpc(state_->federation->UploadStatus(&context, question, &held)));
  }
  if (held.complete()) return held.receipt();
  std::ifstream file(call.file, std::ios::binary);
  if (!file) return NotFound("contribution file %s cannot be opened", call.file);
  const uint64_t offset = std::min(held.received(), call.bytes);
  file.seekg(static_cast<std::streamoff>(offset));

  grpc::ClientContext context;
  fed::UploadResponse response;
  auto writer = state_->federation->Upload(&context, &response);
  fed::UploadMessage message;
  message.mutable_header()->set_entry(call.entry);
  message.mutable_header()->set_offset(offset);
  bool open = writer->Write(message);
  for (uint64_t left = call.bytes - offset; open && left > 0;) {
    const auto want = static_cast<std::streamsize>(std::min<uint64_t>(left, kChunkBytes));
    std::string* const chunk = message.mutable_data();
    chunk->resize(static_cast<size_t>(want));
    file.read(chunk->data(), want);
    if (file.gcount() != want) {
      context.TryCancel();
      writer->Finish();
      return DataLoss("contribution file %s is shorter than recorded", call.file);
    }
    open = writer->Write(message);
    left -= static_cast<uint64_t>(want);
  }
  writer->WritesDone();
  MUTUAL_RETURN_IF_ERROR(FromGrpc(writer->Finish()));
  return response.receipt();
}

absl::Status GrpcChannel::Decline(const Digest& study, uint64_t round, const std::string& code) {
  fed::DeclineRequest request;
  request.set_study(BytesOf(study));
  request.set_round(round);
  request.set_code(code);
  fed::DeclineResponse response;
  return Ask(*state_->federation, &fed::Federation::Stub::Decline, request, &response);
}

absl::StatusOr<TrustReply> GrpcChannel::ResearchTrust() {
  fed::TrustResponse response;
  MUTUAL_RETURN_IF_ERROR(
      Ask(*state_->research, &res::Research::Stub::GetTrust, fed::TrustRequest(), &response));
  return TrustReply{response.checkpoint(), response.policy_receipt()};
}

absl::StatusOr<Digest> GrpcChannel::Propose(const std::string& text, const std::string& entry) {
  res::ProposeRequest request;
  request.set_text(text);
  request.set_entry(entry);
  res::ProposeResponse response;
  MUTUAL_RETURN_IF_ERROR(Ask(*state_->research, &res::Research::Stub::Propose, request, &response));
  return Digest::FromHex(HexEncode(AsBytes(response.digest())));
}

absl::StatusOr<std::vector<StudySummary>> GrpcChannel::ResearchStudies() {
  fed::ListStudiesResponse response;
  MUTUAL_RETURN_IF_ERROR(Ask(*state_->research, &res::Research::Stub::ListStudies,
                             fed::ListStudiesRequest(), &response));
  return FromProto(response);
}

absl::Status GrpcChannel::WatchStudy(const Digest& study,
                                     const std::function<bool(const StudySummary&)>& change) {
  grpc::ClientContext context;
  if (!state_->Enter(&context)) return absl::CancelledError("stopping");
  res::WatchStudyRequest request;
  request.set_digest(BytesOf(study));
  auto reader = state_->research->WatchStudy(&context, request);
  fed::StudySummary proto;
  bool stopped = false;
  absl::Status parsed;
  while (!stopped && reader->Read(&proto)) {
    const absl::StatusOr<StudySummary> summary = FromProto(proto);
    parsed = summary.status();
    stopped = !parsed.ok() || !change(*summary);
  }
  if (stopped) context.TryCancel();
  const grpc::Status status = reader->Finish();
  state_->Leave(&context);
  if (!parsed.ok()) return parsed;
  return stopped ? absl::OkStatus() : FromGrpc(status);
}

absl::StatusOr<Outcome> GrpcChannel::GetOutcome(const Digest& study) {
  res::GetOutcomeRequest request;
  request.set_digest(BytesOf(study));
  res::Outcome response;
  MUTUAL_RETURN_IF_ERROR(
      Ask(*state_->research, &res::Research::Stub::GetOutcome, request, &response));
  Outcome outcome;
  MUTUAL_ASSIGN_OR_RETURN(outcome.study, FromProto(response.study()));
  outcome.result_json = response.result_json();
  outcome.privacy_json = response.privacy_json();
  outcome.model_digest = response.model();
  outcome.receipts.assign(response.receipts().begin(), response.receipts().end());
  return outcome;
}

absl::StatusOr<std::string> GrpcChannel::ResearchContent(const Digest& digest, uint64_t max_bytes) {
  return Fetch(*state_->research, digest, max_bytes);
}

}  // namespace mutual::client
