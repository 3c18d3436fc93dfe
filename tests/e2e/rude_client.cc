// A node or researcher that says what an honest program never says, and a stranger who asks what
// monitoring tools ask; prints the code it is answered.
//
//   rude_client DIR WHAT [STUDY ROUND LENGTH]
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
#include "client/node/home.h"
#include "mutual/federation/v1/federation.grpc.pb.h"

namespace mutual {
namespace {

namespace fed = ::mutual::federation::v1;
using client::Channel;
using client::Home;
using transparency::EntryWriter;

struct Question {
  const Home* home;
  Channel* channel;
  Digest study;
  uint64_t round = 0, length = 0;
};

absl::Status Answer(const Question& ask, const std::string& node, const Digest& study) {
  EntryWriter writer("objection", ask.home->origin());
  writer.Head("seen", {1, Digest{}})
      .Study(study)
      .Text("node", node)
      .Text("body", "operator")
      .Time("time", SystemClock().Now());
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Entry entry, writer.Finish());
  MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, ask.home->SignEntry(entry));
  return ask.channel->AnswerStudy(bytes).status();
}

absl::StatusOr<std::string> Contribution(const Question& ask) {
  EntryWriter writer("contribution", ask.home->origin());
  writer.Head("seen", {1, Digest{}})
      .Study(ask.study)
      .Integer("round", ask.round)
      .Text("node", ask.home->organisation())
      .Integer("vector-len", ask.length)
      .Hash("sha256", Digest{})
      .Time("time", SystemClock().Now());
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Entry entry, writer.Finish());
  return ask.home->SignEntry(entry);
}

// A connection of its own, without the care that Channel takes. `pem`: with the certificate.
absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const Home& home, bool with_certificate) {
  constexpr uint64_t kSmall = 1 << 20;
  grpc::SslCredentialsOptions tls;
  MUTUAL_ASSIGN_OR_RETURN(tls.pem_root_certs, ReadFile(home.folder() / "keys" / "ca.crt", kSmall));
  if (with_certificate) {
    MUTUAL_ASSIGN_OR_RETURN(tls.pem_cert_chain,
                            ReadFile(home.folder() / "keys" / "tls.crt", kSmall));
    MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret key, home.keys().Read("tls"));
    tls.pem_private_key = std::string(AsText(key.bytes()));
  }
  return grpc::CreateChannel(home.address(), grpc::SslCredentials(tls));
}

absl::Status ToStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return WithCode(InvalidArgument("%s", status.error_message()), status.error_details());
}

absl::Status WithoutCertificate(const Question& ask) {
  MUTUAL_ASSIGN_OR_RETURN(const auto channel, Connect(*ask.home, false));
  grpc::ClientContext context;
  fed::ListStudiesResponse response;
  return ToStatus(fed::Federation::NewStub(channel)->ListStudies(
      &context, fed::ListStudiesRequest(), &response));
}

// One message to a method that only its name is known of, and the first answer.
absl::StatusOr<std::string> Call(const Question& ask, const std::string& method,
                                 const std::string& request) {
  MUTUAL_ASSIGN_OR_RETURN(const auto channel, Connect(*ask.home, false));
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(&context, method, &queue);
  const auto done = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const grpc::Slice bytes(request);
  grpc::ByteBuffer answer;
  call->StartCall(nullptr);
  bool ok = done();
  if (ok) call->WriteLast(grpc::ByteBuffer(&bytes, 1), grpc::WriteOptions(), nullptr);
  ok = ok && done();
  if (ok) call->Read(&answer, nullptr);
  ok = ok && done();
  grpc::Slice joined;
  if (!ok || !answer.DumpToSingleSlice(&joined).ok()) return Unavailable("%s: no answer", method);
  return std::string(reinterpret_cast<const char*>(joined.begin()), joined.size());
}

// grpc.health.v1 of the whole server: an empty request, an answer whose field 1 is SERVING.
absl::Status Health(const Question& ask) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string answer, Call(ask, "/grpc.health.v1.Health/Check", ""));
  return WithCode(Unavailable("the health service answers %d bytes", answer.size()),
                  answer == "\x08\x01" ? "SERVING" : "NOT_SERVING");
}

// grpc.reflection: list_services is field 7.
absl::Status Reflection(const Question& ask) {
  MUTUAL_ASSIGN_OR_RETURN(
      const std::string answer,
      Call(ask, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
           std::string("\x3a\x00", 2)));
  const bool lists = answer.find("mutual.federation.v1.Federation") != std::string::npos;
  return WithCode(Unavailable("reflection answers %d bytes", answer.size()),
                  lists ? "LISTS_SERVICES" : "LISTS_OTHERS");
}

// The header says where the bytes begin; then come `bytes` bytes.
absl::Status Upload(const Question& ask, uint64_t offset, uint64_t bytes) {
  MUTUAL_ASSIGN_OR_RETURN(const auto channel, Connect(*ask.home, true));
  grpc::ClientContext context;
  fed::UploadResponse response;
  const auto stub = fed::Federation::NewStub(channel);
  const auto stream = stub->Upload(&context, &response);
  fed::UploadMessage message;
  MUTUAL_ASSIGN_OR_RETURN(*message.mutable_header()->mutable_entry(), Contribution(ask));
  message.mutable_header()->set_offset(offset);
  stream->Write(message);
  message.set_data(std::string(bytes, 'x'));
  stream->Write(message);
  stream->WritesDone();
  return ToStatus(stream->Finish());
}

using Rude = std::function<absl::Status(const Question&)>;

const std::map<std::string, Rude>& Manners() {
  static const std::map<std::string, Rude> kManners = {
      {"health", Health},
      {"reflection", Reflection},
      {"no-certificate", WithoutCertificate},
      {"another's-name", [](const Question& q) { return Answer(q, "somebody", q.study); }},
      {"unknown-study",
       [](const Question& q) { return Answer(q, q.home->organisation(), Digest{}); }},
      {"unknown-content",
       [](const Question& q) { return q.channel->FetchContent(Digest{}, 100).status(); }},
      {"unknown-model",
       [](const Question& q) { return q.channel->ResearchContent(Digest{}, 100).status(); }},
      {"small-room",
       [](const Question& q) { return q.channel->FetchContent(q.study, 3).status(); }},
      {"length", [](const Question& q) { return Upload(q, 0, 4); }},
      {"too-many-bytes", [](const Question& q) { return Upload(q, 0, 4 * q.length + 4); }},
      {"offset", [](const Question& q) { return Upload(q, 1, 4); }}};
  return kManners;
}

absl::Status Run(const std::vector<std::string>& arguments) {
  const auto manner = arguments.size() > 1 ? Manners().find(arguments[1]) : Manners().end();
  if (manner == Manners().end()) return InvalidArgument("usage: rude_client DIR WHAT [ARGUMENT…]");
  MUTUAL_ASSIGN_OR_RETURN(const auto home, Home::Load(arguments[0]));
  MUTUAL_ASSIGN_OR_RETURN(const auto channel, home->Connect());
  Question ask{home.get(), channel.get(), {}, 0, 0};
  if (arguments.size() > 2) {
    MUTUAL_ASSIGN_OR_RETURN(ask.study, Digest::FromHex(arguments[2]));
  }
  if (arguments.size() > 4) {
    MUTUAL_ASSIGN_OR_RETURN(ask.round, ParseUint64(arguments[3]));
    MUTUAL_ASSIGN_OR_RETURN(ask.length, ParseUint64(arguments[4]));
  }
  return manner->second(ask);
}

}  // namespace
}  // namespace mutual

int main(int argc, char** argv) {
  const absl::Status status =
      mutual::Run(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  std::printf("%s\n%s\n", mutual::ErrorCode(status).c_str(), mutual::Describe(status).c_str());
  return 0;
}
