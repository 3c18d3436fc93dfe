// The service for researchers.
#include "base/encoding.h"
#include "base/status.h"
#include "coordinator/service/identity.h"
#include "coordinator/service/reactors.h"
#include "coordinator/service/services.h"
#include "mutual/research/v1/research.grpc.pb.h"

namespace mutual::coordinator {

namespace fed = ::mutual::federation::v1;
namespace res = ::mutual::research::v1;
using Context = grpc::CallbackServerContext;

namespace {

class ResearchService final : public res::Research::CallbackService {
 public:
  explicit ResearchService(FederationCore& core) : core_(core) {}

  grpc::ServerUnaryReactor* Propose(Context* context, const res::ProposeRequest* request,
                                    res::ProposeResponse* response) override {
    const auto caller = CallerOf(*context, core_, "researcher");
    if (!caller.ok()) return Reply(context, caller.status());
    return ReplyLater(
        context, core_, [this, caller = *caller, request, response]() -> absl::Status {
          MUTUAL_ASSIGN_OR_RETURN(const Digest digest,
                                  core_.Propose(caller, request->text(), request->entry()));
          response->set_digest(std::string(AsText(digest.bytes)));
          return absl::OkStatus();
        });
  }

  grpc::ServerUnaryReactor* Declare(Context* context, const fed::DeclareRequest* request,
                                    fed::DeclareResponse*) override {
    const auto caller = CallerOf(*context, core_, "researcher");
    if (!caller.ok()) return Reply(context, caller.status());
    return ReplyLater(context, core_, [this, caller = *caller, request]() -> absl::Status {
      return core_.Declare(caller, request->entry());
    });
  }

  grpc::ServerUnaryReactor* GetTrust(Context* context, const fed::TrustRequest* request,
                                     fed::TrustResponse* response) override {
    const auto caller = CallerOf(*context, core_, "researcher");
    if (caller.ok()) AnswerTrust(core_, *request, response);
    return Reply(context, caller.status());
  }

  grpc::ServerUnaryReactor* ListStudies(Context* context, const fed::ListStudiesRequest*,
                                        fed::ListStudiesResponse* response) override {
    const auto caller = CallerOf(*context, core_, "researcher");
    if (caller.ok()) {
      for (const StudyView& view : core_.Studies()) *response->add_studies() = ToProto(view);
    }
    return Reply(context, caller.status());
  }

  grpc::ServerWriteReactor<fed::StudySummary>* WatchStudy(
      Context* context, const res::WatchStudyRequest* request) override {
    const auto caller = CallerOf(*context, core_, "researcher");
    const auto digest = DigestOf(request->digest());
    const absl::Status allowed = !caller.ok()   ? caller.status()
                                 : !digest.ok() ? digest.status()
                                                : core_.Study(*digest).status();
    auto last = std::make_shared<std::string>();  // lives as long as the stream's closure
    const Digest study = digest.value_or(Digest{});
    return new PushReactor<fed::StudySummary>(
        core_, allowed, [this, study, last](bool* end) -> std::optional<fed::StudySummary> {
          const auto view = core_.Study(study);
          if (!view.ok()) return std::nullopt;
          const fed::StudySummary summary = ToProto(*view);
          *end = summary.state() == fed::STUDY_STATE_FINISHED ||
                 summary.state() == fed::STUDY_STATE_ABANDONED;
          std::string bytes = summary.SerializeAsString();
          if (bytes == *last) return std::nullopt;
          *last = std::move(bytes);
          return summary;
        });
  }

  grpc::ServerUnaryReactor* GetOutcome(Context* context, const res::GetOutcomeRequest* request,
                                       res::Outcome* response) override {
    const auto caller = CallerOf(*context, core_, "researcher");
    const auto digest = DigestOf(request->digest());
    if (!caller.ok() || !digest.ok()) {
      return Reply(context, caller.ok() ? digest.status() : caller.status());
    }
    const auto view = core_.Study(*digest);
    if (view.ok()) {
      *response->mutable_study() = ToProto(*view);
      if (view->record.state == "finished") {
        response->set_result_json(view->record.result_json);
        response->set_privacy_json(view->record.privacy_json);
        response->set_model(HexDecode(view->record.model).value_or(""));
        for (std::string& receipt : core_.OutcomeReceipts(*view)) {
          response->add_receipts(std::move(receipt));
        }
      }
    }
    return Reply(context, view.status());
  }

  grpc::ServerWriteReactor<fed::Chunk>* FetchContent(
      Context* context, const fed::FetchContentRequest* request) override {
    const auto caller = CallerOf(*context, core_, "researcher");
    const auto digest = DigestOf(request->digest());
    absl::Status allowed = caller.ok() ? digest.status() : caller.status();
    if (allowed.ok() && !core_.IsModel(*digest)) {
      allowed = WithCode(NotFound("no model with digest %s is published", digest->Short()),
                         "CONTENT_UNKNOWN");
    }
    return new ContentReactor(
        allowed, allowed.ok() ? core_.store().PathOf(*digest).string() : "", request->offset());
  }

 private:
  FederationCore& core_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeResearchService(FederationCore& core) {
  return std::make_unique<ResearchService>(core);
}

}  // namespace mutual::coordinator
