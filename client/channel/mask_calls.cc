// The channel's calls about masks.
#include "client/channel/channel_state.h"

namespace mutual::client {

namespace fed = ::mutual::federation::v1;

namespace {

constexpr size_t kChunkBytes = 256 * 1024;

absl::StatusOr<MaskDuty> FromProto(const fed::MaskDuty& proto) {
  MaskDuty duty;
  duty.kind = static_cast<MaskDutyKind>(proto.kind());
  MUTUAL_ASSIGN_OR_RETURN(duty.study, Digest::FromHex(HexEncode(AsBytes(proto.study()))));
  duty.round = proto.round();
  duty.close = proto.close();
  duty.entries.assign(proto.entries().begin(), proto.entries().end());
  duty.classes.assign(proto.classes().begin(), proto.classes().end());
  duty.checkpoint = proto.checkpoint();
  return duty;
}

}  // namespace

absl::Status GrpcChannel::WatchMasks(const std::function<bool(const MaskDuty&)>& notice) {
  grpc::ClientContext context;
  if (!state_->Enter(&context)) return absl::CancelledError("stopping");
  auto reader = state_->masks->WatchMasks(&context, {});
  fed::MaskDuty proto;
  bool stopped = false;
  absl::Status parsed;
  while (!stopped && reader->Read(&proto)) {
    if (proto.kind() == fed::MASK_DUTY_KIND_UNSPECIFIED) continue;
    const absl::StatusOr<MaskDuty> duty = FromProto(proto);
    parsed = duty.status();
    stopped = !parsed.ok() || !notice(*duty);
  }
  if (stopped) context.TryCancel();
  const grpc::Status status = reader->Finish();
  state_->Leave(&context);
  if (!parsed.ok()) return parsed;
  return stopped ? absl::OkStatus() : FromGrpc(status);
}

absl::StatusOr<std::string> GrpcChannel::SubmitMaskEntry(
    const std::string& entry, const std::vector<WrappedKeyCall>& wrapped) {
  grpc::ClientContext context;
  SetDeadline(&context);
  fed::SubmitMaskEntryRequest request;
  request.set_entry(entry);
  for (const WrappedKeyCall& one : wrapped) {
    fed::WrappedKey* const proto = request.add_wrapped();
    proto->set_mask_class(one.mask_class);
    proto->set_holder(one.holder);
    proto->set_ephemeral(one.ephemeral);
    proto->set_ciphertext(one.ciphertext);
  }
  fed::SubmitMaskEntryResponse response;
  MUTUAL_RETURN_IF_ERROR(FromGrpc(state_->masks->SubmitMaskEntry(&context, request, &response)));
  return response.receipt();
}

absl::StatusOr<std::vector<WrappedKeyCall>> GrpcChannel::FetchWrappedKeys(const Digest& study,
                                                                          uint64_t masks) {
  grpc::ClientContext context;
  SetDeadline(&context);
  fed::FetchWrappedKeysRequest request;
  request.set_study(BytesOf(study));
  request.set_masks(masks);
  fed::FetchWrappedKeysResponse response;
  MUTUAL_RETURN_IF_ERROR(FromGrpc(state_->masks->FetchWrappedKeys(&context, request, &response)));
  std::vector<WrappedKeyCall> wrapped;
  for (const fed::WrappedKey& one : response.wrapped()) {
    wrapped.push_back({one.mask_class(), one.holder(), one.ephemeral(), one.ciphertext()});
  }
  return wrapped;
}

absl::Status GrpcChannel::SubmitClassSum(const Digest& study, uint64_t round, uint32_t mask_class,
                                         std::string_view bytes) {
  grpc::ClientContext context;
  fed::SubmitClassSumResponse response;
  auto writer = state_->masks->SubmitClassSum(&context, &response);
  fed::ClassSumMessage message;
  message.mutable_header()->set_study(BytesOf(study));
  message.mutable_header()->set_round(round);
  message.mutable_header()->set_mask_class(mask_class);
  bool open = writer->Write(message);
  while (open && !bytes.empty()) {
    const std::string_view chunk = bytes.substr(0, kChunkBytes);
    message.set_data(std::string(chunk));
    open = writer->Write(message);
    bytes.remove_prefix(chunk.size());
  }
  writer->WritesDone();
  return FromGrpc(writer->Finish());
}

}  // namespace mutual::client
