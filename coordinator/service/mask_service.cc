// The service of join windows and tallies.
#include <set>
#include <utility>

#include "base/encoding.h"
#include "base/status.h"
#include "coordinator/service/class_sum_intake.h"
#include "coordinator/service/identity.h"
#include "coordinator/service/raw_message.h"
#include "coordinator/service/reactors.h"
#include "coordinator/service/services.h"

namespace mutual::coordinator {

namespace fed = ::mutual::federation::v1;

namespace {

using Context = grpc::CallbackServerContext;

fed::MaskDuty ToProto(const MaskDuty& duty) {
  fed::MaskDuty proto;
  proto.set_kind(static_cast<fed::MaskDutyKind>(duty.kind));
  proto.set_study(std::string(AsText(duty.study.bytes)));
  proto.set_round(duty.round);
  proto.set_close(duty.close);
  for (const uint64_t index : duty.entries) proto.add_entries(index);
  for (const uint32_t mask_class : duty.classes) proto.add_classes(mask_class);
  proto.set_checkpoint(duty.checkpoint);
  return proto;
}

void AddTo(const aggregation::masking::WrappedKey& one, fed::WrappedKey* proto) {
  proto->set_mask_class(one.mask_class);
  proto->set_holder(one.holder);
  proto->set_ephemeral(std::string(AsText(one.ephemeral)));
  proto->set_ciphertext(one.ciphertext);
}

absl::StatusOr<WrappedKeys> FromProto(
    const google::protobuf::RepeatedPtrField<fed::WrappedKey>& all) {
  WrappedKeys wrapped;
  for (const fed::WrappedKey& proto : all) {
    aggregation::masking::WrappedKey& one = wrapped.emplace_back();
    if (proto.ephemeral().size() != one.ephemeral.size() || proto.ciphertext().size() > 64) {
      return InvalidArgument("a wrapped key has %d and %d bytes, want 32 and 48",
                             proto.ephemeral().size(), proto.ciphertext().size());
    }
    one.mask_class = proto.mask_class();
    one.holder = proto.holder();
    one.ciphertext = proto.ciphertext();
    const auto ephemeral = AsBytes(proto.ephemeral());
    std::copy(ephemeral.begin(), ephemeral.end(), one.ephemeral.begin());
  }
  return wrapped;
}

// One class sum being received: header, then chunks straight to disk and hash.
class ClassSumReactor final : public grpc::ServerReadReactor<grpc::ByteBuffer> {
 public:
  ClassSumReactor(FederationCore& core, Context* context) : core_(core) {
    auto caller = CallerOf(*context, core, "node");
    if (!caller.ok()) {
      Finish(ToGrpc(caller.status()));
      return;
    }
    intake_ = std::make_unique<ClassSumIntake>(&core, *std::move(caller));
    StartRead(&message_);
  }
  void OnReadDone(bool ok) override {
    if (!ok) {
      core_.threads().Run([this] { Finish(ToGrpc(intake_->End())); });
      return;
    }
    const absl::Status status = Take();
    message_.Clear();
    if (status.ok()) {
      StartRead(&message_);
    } else {
      // Another holder was first: nothing more is wanted.
      Finish(absl::IsAlreadyExists(status) ? grpc::Status::OK : ToGrpc(status));
    }
  }
  void OnDone() override { delete this; }

 private:
  absl::Status Take() {
    MUTUAL_ASSIGN_OR_RETURN(const RawMessage raw, ReadRaw(&message_));
    if (!raw.is_header) return intake_->Append(raw.pieces);
    fed::ClassSumHeader header;
    if (!header.ParseFromString(raw.Joined())) return InvalidArgument("the header is malformed");
    ClassSumName name;
    MUTUAL_ASSIGN_OR_RETURN(name.study, DigestOf(header.study()));
    name.round = header.round();
    name.mask_class = header.mask_class();
    return intake_->Begin(name);
  }

  FederationCore& core_;
  std::unique_ptr<ClassSumIntake> intake_;
  grpc::ByteBuffer message_;
};

// Class sums are taken as they arrive (raw_message.h).
using Service = fed::Masks::WithRawCallbackMethod_SubmitClassSum<fed::Masks::CallbackService>;

class MaskService final : public Service {
 public:
  explicit MaskService(FederationCore& core) : core_(core) {}

  grpc::ServerWriteReactor<fed::MaskDuty>* WatchMasks(Context* context,
                                                      const fed::WatchMasksRequest*) override {
    const auto caller = CallerOf(*context, core_, "node");
    const std::string node = caller.ok() ? caller->organisation : "";
    // Every duty once a stream; an empty one as heartbeat.
    auto sent = std::make_shared<std::set<std::string>>();  // lives as long as the stream's closure
    auto beaten = std::make_shared<uint64_t>(0);
    return new PushReactor<fed::MaskDuty>(
        core_, caller.status(), [this, node, sent, beaten](bool*) -> std::optional<fed::MaskDuty> {
          for (const MaskDuty& duty : core_.DutiesFor(node)) {
            fed::MaskDuty message = ToProto(duty);
            if (!sent->insert(message.SerializeAsString()).second) continue;
            return message;
          }
          const uint64_t beat = core_.beat();
          if (std::exchange(*beaten, beat) == beat) return std::nullopt;
          return fed::MaskDuty();
        });
  }

  grpc::ServerUnaryReactor* SubmitMaskEntry(Context* context,
                                            const fed::SubmitMaskEntryRequest* request,
                                            fed::SubmitMaskEntryResponse* response) override {
    const auto caller = CallerOf(*context, core_, "node");
    if (!caller.ok()) return Reply(context, caller.status());
    return ReplyLater(
        context, core_, [this, caller = *caller, request, response]() -> absl::Status {
          MUTUAL_ASSIGN_OR_RETURN(const WrappedKeys wrapped, FromProto(request->wrapped()));
          MUTUAL_ASSIGN_OR_RETURN(const std::string receipt,
                                  core_.SubmitMaskEntry(caller, request->entry(), wrapped));
          response->set_receipt(receipt);
          return absl::OkStatus();
        });
  }

  grpc::ServerUnaryReactor* FetchWrappedKeys(Context* context,
                                             const fed::FetchWrappedKeysRequest* request,
                                             fed::FetchWrappedKeysResponse* response) override {
    const auto caller = CallerOf(*context, core_, "node");
    const auto study = DigestOf(request->study());
    if (!caller.ok() || !study.ok()) {
      return Reply(context, caller.ok() ? study.status() : caller.status());
    }
    const auto wrapped = core_.WrappedFor(caller->organisation, *study, request->masks());
    if (wrapped.ok()) {
      for (const auto& one : *wrapped) AddTo(one, response->add_wrapped());
    }
    return Reply(context, wrapped.status());
  }

  grpc::ServerReadReactor<grpc::ByteBuffer>* SubmitClassSum(Context* context,
                                                            grpc::ByteBuffer* response) override {
    const grpc::Slice nothing;
    *response = grpc::ByteBuffer(&nothing, 1);  // a SubmitClassSumResponse, which has no fields
    return new ClassSumReactor(core_, context);
  }

 private:
  FederationCore& core_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeMaskService(FederationCore& core) {
  return std::make_unique<MaskService>(core);
}

}  // namespace mutual::coordinator
