// The services for newcomers and nodes.
#include <filesystem>
#include <set>
#include <utility>

#include "base/encoding.h"
#include "base/status.h"
#include "coordinator/service/identity.h"
#include "coordinator/service/reactors.h"
#include "coordinator/service/services.h"
#include "transparency/tile.h"

namespace mutual::coordinator {

namespace fed = ::mutual::federation::v1;
using Context = grpc::CallbackServerContext;

grpc::ServerUnaryReactor* Reply(Context* context, const absl::Status& status) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(ToGrpc(status));
  return reactor;
}

grpc::ServerUnaryReactor* ReplyLater(Context* context, FederationCore& core,
                                     std::function<absl::Status()> call) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  core.threads().Run([reactor, call = std::move(call)] { reactor->Finish(ToGrpc(call())); });
  return reactor;
}

ContentReactor::ContentReactor(const absl::Status& refused, const std::string& path,
                               uint64_t offset) {
  if (!refused.ok()) {
    Finish(ToGrpc(refused));
    return;
  }
  file_.open(path, std::ios::binary);
  file_.seekg(static_cast<std::streamoff>(offset));
  Next();
}

void ContentReactor::Next() {
  constexpr std::streamsize kChunk = 64 * 1024;
  std::string* const data = chunk_.mutable_data();
  data->resize(kChunk);
  file_.read(data->data(), kChunk);
  data->resize(static_cast<size_t>(file_.gcount()));
  if (data->empty()) {
    Finish(grpc::Status::OK);
  } else {
    StartWrite(&chunk_);
  }
}

void ContentReactor::OnWriteDone(bool ok) {
  if (ok) {
    Next();
  } else {
    Finish(grpc::Status::CANCELLED);
  }
}

void AnswerTrust(FederationCore& core, const fed::TrustRequest& request,
                 fed::TrustResponse* response) {
  core.log().Heed(request.checkpoint());
  response->set_checkpoint(core.log().checkpoint());
  response->set_policy_receipt(core.log().PolicyReceipt().value_or(""));
}

namespace {

class EnrolmentService final : public fed::Enrolment::CallbackService {
 public:
  explicit EnrolmentService(FederationCore& core) : core_(core) {}

  grpc::ServerUnaryReactor* Join(Context* context, const fed::JoinRequest* request,
                                 fed::JoinResponse* response) override {
    return ReplyLater(context, core_, [this, request, response]() -> absl::Status {
      MUTUAL_ASSIGN_OR_RETURN(
          const std::string certificate,
          core_.Join({request->secret(), request->certificate_request(), request->entry()}));
      response->set_certificate(certificate);
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* Hello(Context* context, const fed::HelloRequest*,
                                  fed::HelloResponse* response) override {
    response->set_federation(core_.state().federation());
    response->set_origin(core_.state().origin());
    return Reply(context, absl::OkStatus());
  }

 private:
  FederationCore& core_;
};

// A node's contribution is its own affair: it may fetch models, never others' contributions.
absl::Status MayFetch(FederationCore& core, const absl::StatusOr<Digest>& digest) {
  MUTUAL_RETURN_IF_ERROR(digest.status());
  return core.IsModel(*digest)
             ? absl::OkStatus()
             : WithCode(NotFound("no model with digest %s is published", digest->Short()),
                        "CONTENT_UNKNOWN");
}

// Uploads are taken as they arrive (raw_message.h).
using Service = fed::Federation::WithRawCallbackMethod_Upload<fed::Federation::CallbackService>;

class FederationService final : public Service {
 public:
  explicit FederationService(FederationCore& core) : core_(core) {}

  grpc::ServerUnaryReactor* ListStudies(Context* context, const fed::ListStudiesRequest*,
                                        fed::ListStudiesResponse* response) override {
    const auto caller = CallerOf(*context, core_, "node");
    if (caller.ok()) {
      for (const StudyView& view : core_.Studies()) *response->add_studies() = ToProto(view);
    }
    return Reply(context, caller.status());
  }

  grpc::ServerUnaryReactor* AnswerStudy(Context* context, const fed::AnswerStudyRequest* request,
                                        fed::AnswerStudyResponse* response) override {
    const auto caller = CallerOf(*context, core_, "node");
    if (!caller.ok()) return Reply(context, caller.status());
    return ReplyLater(context, core_,
                      [this, caller = *caller, request, response]() -> absl::Status {
                        MUTUAL_ASSIGN_OR_RETURN(const std::string receipt,
                                                core_.Answer(caller, request->entry()));
                        response->set_receipt(receipt);
                        return absl::OkStatus();
                      });
  }

  grpc::ServerUnaryReactor* Declare(Context* context, const fed::DeclareRequest* request,
                                    fed::DeclareResponse*) override {
    const auto caller = CallerOf(*context, core_, "node");
    if (!caller.ok()) return Reply(context, caller.status());
    return ReplyLater(context, core_, [this, caller = *caller, request] {
      return core_.Declare(caller, request->entry());
    });
  }

  grpc::ServerUnaryReactor* GetTrust(Context* context, const fed::TrustRequest* request,
                                     fed::TrustResponse* response) override {
    const auto caller = CallerOf(*context, core_, "node");
    if (caller.ok()) AnswerTrust(core_, *request, response);
    return Reply(context, caller.status());
  }

  grpc::ServerWriteReactor<fed::CheckpointRequest>* WatchCheckpoints(
      Context* context, const fed::WatchCheckpointsRequest*) override {
    const auto caller = CallerOf(*context, core_, "node");
    const std::string node = caller.ok() ? caller->organisation : "";
    if (caller.ok()) core_.board().Reconnected(node);
    return new PushReactor<fed::CheckpointRequest>(
        core_, caller.status(), [this, node](bool*) -> std::optional<fed::CheckpointRequest> {
          const std::optional<std::string> body = core_.board().RequestFor(node);
          if (!body) return std::nullopt;
          fed::CheckpointRequest message;
          message.set_body(*body);
          return message;
        });
  }

  grpc::ServerUnaryReactor* Cosign(Context* context, const fed::CosignRequest* request,
                                   fed::CosignResponse*) override {
    const auto caller = CallerOf(*context, core_, "node");
    if (caller.ok()) {
      core_.board().TakeAnswer(caller->organisation, {static_cast<int>(request->code()),
                                                      request->content_type(), request->body()});
    }
    return Reply(context, caller.status());
  }

  grpc::ServerUnaryReactor* ListNewcomers(Context* context, const fed::ListNewcomersRequest*,
                                          fed::ListNewcomersResponse* response) override {
    const auto caller = CallerOf(*context, core_, "node");
    if (caller.ok()) {
      for (const std::string& entry : core_.admission().Newcomers()) response->add_entries(entry);
    }
    return Reply(context, caller.status());
  }

  grpc::ServerUnaryReactor* Endorse(Context* context, const fed::EndorseRequest* request,
                                    fed::EndorseResponse*) override {
    const auto caller = CallerOf(*context, core_, "node");
    return Reply(context, caller.ok()
                              ? core_.admission().Endorse(caller->organisation, caller->identity,
                                                          request->entry())
                              : caller.status());
  }

  grpc::ServerWriteReactor<fed::RoundNotice>* WatchRounds(Context* context,
                                                          const fed::WatchRoundsRequest*) override {
    const auto caller = CallerOf(*context, core_, "node");
    const std::string node = caller.ok() ? caller->organisation : "";
    // Every open round once a stream; an empty notice as heartbeat.
    auto sent = std::make_shared<std::set<std::string>>();  // lives as long as the stream's closure
    auto beaten = std::make_shared<uint64_t>(0);
    return new PushReactor<fed::RoundNotice>(
        core_, caller.status(),
        [this, node, sent, beaten](bool*) -> std::optional<fed::RoundNotice> {
          fed::RoundNotice message;
          for (const std::string& receipt : core_.NoticesFor(node)) {
            if (!sent->insert(receipt).second) continue;
            message.set_receipt(receipt);
            return message;
          }
          const uint64_t beat = core_.beat();
          if (std::exchange(*beaten, beat) == beat) return std::nullopt;
          return message;
        });
  }

  grpc::ServerWriteReactor<fed::Chunk>* FetchContent(
      Context* context, const fed::FetchContentRequest* request) override {
    const auto caller = CallerOf(*context, core_, "node");
    const auto digest = DigestOf(request->digest());
    const absl::Status allowed = caller.ok() ? MayFetch(core_, digest) : caller.status();
    return new ContentReactor(allowed, allowed.ok() ? core_.store().PathOf(*digest).string() : "",
                              request->offset());
  }

  grpc::ServerWriteReactor<fed::Chunk>* ReadLog(Context* context,
                                                const fed::ReadLogRequest* request) override {
    absl::Status allowed = CallerOf(*context, core_, "node").status();
    if (allowed.ok()) allowed = transparency::ParseTilePath(request->path()).status();
    const std::filesystem::path path = core_.log().served_folder() / request->path();
    if (allowed.ok() && !std::filesystem::exists(path)) {
      allowed = NotFound("the log has no file %s", request->path());
    }
    return new ContentReactor(allowed, path.string(), 0);
  }

  grpc::ServerUnaryReactor* UploadStatus(Context* context, const fed::UploadStatusRequest* request,
                                         fed::UploadStatusResponse* response) override {
    const auto caller = CallerOf(*context, core_, "node");
    const auto study = DigestOf(request->study());
    if (!caller.ok() || !study.ok()) {
      return Reply(context, caller.ok() ? study.status() : caller.status());
    }
    response->set_received(core_.store().PartialSize(
        FederationCore::PartialName(caller->organisation, *study, request->round())));
    response->set_complete(core_.HasContribution(caller->organisation, *study, request->round()));
    if (response->complete()) {
      response->set_receipt(
          core_.ContributionReceipt(caller->organisation, *study, request->round()).value_or(""));
    }
    return Reply(context, absl::OkStatus());
  }

  grpc::ServerReadReactor<grpc::ByteBuffer>* Upload(Context* context,
                                                    grpc::ByteBuffer* response) override {
    return MakeUploadReactor(core_, context, response);
  }

  grpc::ServerUnaryReactor* Decline(Context* context, const fed::DeclineRequest* request,
                                    fed::DeclineResponse*) override {
    const auto caller = CallerOf(*context, core_, "node");
    const auto study = DigestOf(request->study());
    if (!caller.ok() || !study.ok()) {
      return Reply(context, caller.ok() ? study.status() : caller.status());
    }
    return Reply(context, core_.Decline(*caller, *study, request->round(), request->code()));
  }

 private:
  FederationCore& core_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeEnrolmentService(FederationCore& core) {
  return std::make_unique<EnrolmentService>(core);
}

std::unique_ptr<grpc::Service> MakeFederationService(FederationCore& core) {
  return std::make_unique<FederationService>(core);
}

}  // namespace mutual::coordinator
