// The services for newcomers and nodes.
#include <set>

#include "base/encoding.h"
#include "base/status.h"
#include "coordinator/service/identity.h"
#include "coordinator/service/reactors.h"
#include "coordinator/service/services.h"

namespace mutual::coordinator {

namespace fed = ::mutual::federation::v1;
using Context = grpc::CallbackServerContext;

grpc::ServerUnaryReactor* Reply(Context* context, const absl::Status& status) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(ToGrpc(status));
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

namespace {

class EnrolmentService final : public fed::Enrolment::CallbackService {
 public:
  explicit EnrolmentService(FederationCore& core) : core_(core) {}

  grpc::ServerUnaryReactor* Join(Context* context, const fed::JoinRequest* request,
                                 fed::JoinResponse* response) override {
    const auto certificate = core_.Join({request->secret(), request->organisation(),
                                         request->role(), request->certificate_request(),
                                         request->identity_key(), request->witness_key()});
    if (certificate.ok()) {
      response->set_certificate(*certificate);
      response->set_federation(core_.state().federation());
      response->set_origin(core_.state().origin());
    }
    return Reply(context, certificate.status());
  }

 private:
  FederationCore& core_;
};

// A node's contribution is its own affair: it may fetch models, never others' contributions.
absl::Status MayFetch(FederationCore& core, const absl::StatusOr<Digest>& digest) {
  MUTUAL_RETURN_IF_ERROR(digest.status());
  return core.IsModel(*digest) ? absl::OkStatus()
                               : WithCode(NotFound("no model with digest %s is published",
                                                   digest->Short()),
                                          "CONTENT_UNKNOWN");
}

class FederationService final : public fed::Federation::CallbackService {
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
                                        fed::AnswerStudyResponse*) override {
    const auto caller = CallerOf(*context, core_, "node");
    return Reply(context, caller.ok() ? core_.Answer(*caller, request->statement(),
                                                     request->signature())
                                      : caller.status());
  }

  grpc::ServerWriteReactor<fed::RoundNotice>* WatchRounds(
      Context* context, const fed::WatchRoundsRequest*) override {
    const auto caller = CallerOf(*context, core_, "node");
    const std::string node = caller.ok() ? caller->organisation : "";
    // Every open round once a stream; an empty notice in between as heartbeat.
    auto sent = std::make_shared<std::set<std::string>>();  // lives as long as the stream's closure
    auto beats = std::make_shared<bool>(true);
    return new PushReactor<fed::RoundNotice>(
        core_, caller.status(), [this, node, sent, beats](bool*) -> std::optional<fed::RoundNotice> {
          fed::RoundNotice message;
          for (const StudyRun::Notice& notice : core_.NoticesFor(node)) {
            if (!sent->insert(notice.start).second) continue;
            message.set_start(notice.start);
            message.set_signature(notice.signature);
            *beats = false;
            return message;
          }
          // Nothing new: one heartbeat, then silence until the next change.
          *beats = !*beats;
          if (*beats) return std::nullopt;
          return message;
        });
  }

  grpc::ServerWriteReactor<fed::Chunk>* FetchContent(
      Context* context, const fed::FetchContentRequest* request) override {
    const auto caller = CallerOf(*context, core_, "node");
    const auto digest = DigestOf(request->digest());
    const absl::Status allowed = caller.ok() ? MayFetch(core_, digest) : caller.status();
    return new ContentReactor(
        allowed, allowed.ok() ? core_.store().PathOf(*digest).string() : "", request->offset());
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
    return Reply(context, absl::OkStatus());
  }

  grpc::ServerReadReactor<fed::UploadMessage>* Upload(Context* context,
                                                      fed::UploadResponse*) override {
    return MakeUploadReactor(core_, context);
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
