#include "tools/simulate/in_process_channel.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
#include "coordinator/service/class_sum_intake.h"
#include "coordinator/service/upload_intake.h"
#include "transparency/tile.h"

namespace mutual::simulate {
namespace {

constexpr size_t kPieceBytes = 256 * 1024;
constexpr uint64_t kLogFileBytes = uint64_t{256} * (65535 + 2);  // the largest bundle of entries

client::StudyState StateOf(const std::string& state) {
  if (state == "running") return client::StudyState::kRunning;
  if (state == "finished") return client::StudyState::kFinished;
  return state == "abandoned" ? client::StudyState::kAbandoned : client::StudyState::kProposed;
}

client::StudySummary SummaryOf(const coordinator::StudyView& view) {
  client::StudySummary summary;
  summary.digest = view.record.digest;
  summary.title = view.title;
  summary.text = view.record.text;
  summary.state = StateOf(view.record.state);
  summary.round = view.round;
  summary.rounds = view.rounds;
  summary.accepted = static_cast<uint32_t>(view.accepted);
  summary.refused = static_cast<uint32_t>(view.refused);
  summary.reason = view.record.reason;
  return summary;
}

absl::StatusOr<coordinator::WrappedKeys> KeysOf(const std::vector<client::WrappedKeyCall>& calls) {
  coordinator::WrappedKeys keys;
  for (const client::WrappedKeyCall& call : calls) {
    auto& key = keys.emplace_back();
    if (call.ephemeral.size() != key.ephemeral.size() || call.ciphertext.size() > 64) {
      return InvalidArgument("a wrapped key has %d and %d bytes, want 32 and 48",
                             call.ephemeral.size(), call.ciphertext.size());
    }
    key.mask_class = call.mask_class;
    key.holder = call.holder;
    key.ciphertext = call.ciphertext;
    std::copy_n(AsBytes(call.ephemeral).begin(), key.ephemeral.size(), key.ephemeral.begin());
  }
  return keys;
}

absl::Status Watching() {
  return absl::UnimplementedError("a simulated coordinator is asked, it does not call");
}

}  // namespace

std::vector<client::MaskDuty> DutiesOf(coordinator::FederationCore& core, const std::string& node) {
  std::vector<client::MaskDuty> duties;
  for (const coordinator::MaskDuty& duty : core.DutiesFor(node)) {
    duties.push_back({static_cast<client::MaskDutyKind>(duty.kind), duty.study, duty.round,
                      duty.close, duty.entries, duty.classes, duty.checkpoint});
  }
  return duties;
}

absl::StatusOr<coordinator::Caller> InProcessChannel::CallerAs(const std::string& role) {
  if (!caller_) {
    MUTUAL_ASSIGN_OR_RETURN(caller_, core_->Authenticate(certificate_));
  }
  if (caller_->role == role) return *caller_;
  return WithCode(PermissionDenied("%s is enrolled as %s; this call is for the role %s",
                                   caller_->organisation, caller_->role, role),
                  "WRONG_ROLE");
}

absl::StatusOr<client::Greeting> InProcessChannel::Hello() {
  return client::Greeting{core_->state().federation(), core_->state().origin()};
}

absl::StatusOr<std::string> InProcessChannel::Join(const client::JoinCall& call) {
  return core_->Join({call.secret, call.certificate_request, call.entry});
}

absl::StatusOr<std::vector<client::StudySummary>> InProcessChannel::Studies(
    const std::string& role) {
  MUTUAL_RETURN_IF_ERROR(CallerAs(role).status());
  std::vector<client::StudySummary> studies;
  for (const coordinator::StudyView& view : core_->Studies()) studies.push_back(SummaryOf(view));
  return studies;
}

absl::StatusOr<client::TrustReply> InProcessChannel::Trust(const std::string& role,
                                                           const std::string& seen) {
  MUTUAL_RETURN_IF_ERROR(CallerAs(role).status());
  core_->log().Heed(seen);
  client::TrustReply reply{core_->log().checkpoint(), ""};
  const transparency::Policy policy = core_->log().policy();
  if (shown_policy_ && *shown_policy_ == policy) return reply;  // nothing new to learn
  reply.policy_receipt = core_->log().PolicyReceipt().value_or("");
  if (!reply.policy_receipt.empty()) shown_policy_ = policy;
  return reply;
}

absl::StatusOr<std::string> InProcessChannel::Content(const std::string& role, const Digest& digest,
                                                      uint64_t max_bytes) {
  MUTUAL_RETURN_IF_ERROR(CallerAs(role).status());
  if (!core_->IsModel(digest)) {
    return WithCode(NotFound("no model with digest %s is published", digest.Short()),
                    "CONTENT_UNKNOWN");
  }
  MUTUAL_ASSIGN_OR_RETURN(std::string bytes, core_->store().Get(digest));
  if (bytes.size() <= max_bytes) return bytes;
  return WithCode(DataLoss("content is larger than the %d bytes expected", max_bytes),
                  "CONTENT_TOO_LARGE");
}

absl::StatusOr<std::vector<client::StudySummary>> InProcessChannel::ListStudies() {
  return Studies("node");
}

absl::StatusOr<std::string> InProcessChannel::AnswerStudy(const std::string& entry) {
  MUTUAL_ASSIGN_OR_RETURN(const coordinator::Caller caller, CallerAs("node"));
  return core_->Answer(caller, entry);
}

absl::Status InProcessChannel::Declare(const std::string& entry) {
  MUTUAL_ASSIGN_OR_RETURN(const coordinator::Caller caller, CallerAs("node"));
  return core_->Declare(caller, entry);
}

absl::StatusOr<client::TrustReply> InProcessChannel::GetTrust(const std::string& seen) {
  return Trust("node", seen);
}

absl::Status InProcessChannel::WatchRounds(const std::function<bool(const std::string&)>&) {
  return Watching();
}
absl::Status InProcessChannel::WatchCheckpoints(const std::function<bool(const std::string&)>&) {
  return Watching();
}
absl::Status InProcessChannel::WatchMasks(const std::function<bool(const client::MaskDuty&)>&) {
  return Watching();
}
absl::Status InProcessChannel::WatchStudy(const Digest&,
                                          const std::function<bool(const client::StudySummary&)>&) {
  return Watching();
}

absl::Status InProcessChannel::Cosign(const client::CosignCall& call) {
  MUTUAL_ASSIGN_OR_RETURN(const coordinator::Caller caller, CallerAs("node"));
  core_->board().TakeAnswer(caller.organisation, {call.code, call.content_type, call.body});
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> InProcessChannel::ListNewcomers() {
  MUTUAL_RETURN_IF_ERROR(CallerAs("node").status());
  return core_->admission().Newcomers();
}

absl::Status InProcessChannel::Endorse(const std::string& entry) {
  MUTUAL_ASSIGN_OR_RETURN(const coordinator::Caller caller, CallerAs("node"));
  return core_->admission().Endorse(caller.organisation, caller.identity, entry);
}

absl::StatusOr<std::string> InProcessChannel::FetchContent(const Digest& digest,
                                                           uint64_t max_bytes) {
  return Content("node", digest, max_bytes);
}

absl::StatusOr<std::string> InProcessChannel::ReadLog(const std::string& path) {
  MUTUAL_RETURN_IF_ERROR(CallerAs("node").status());
  MUTUAL_RETURN_IF_ERROR(transparency::ParseTilePath(path).status());
  return ReadFile(core_->log().served_folder() / path, kLogFileBytes);
}

absl::StatusOr<std::string> InProcessChannel::Upload(const client::UploadCall& call) {
  MUTUAL_ASSIGN_OR_RETURN(const coordinator::Caller caller, CallerAs("node"));
  if (core_->HasContribution(caller.organisation, call.study, call.round)) {
    return core_->ContributionReceipt(caller.organisation, call.study, call.round).value_or("");
  }
  return Send(call);
}

absl::StatusOr<std::string> InProcessChannel::Send(const client::UploadCall& call) {
  MUTUAL_ASSIGN_OR_RETURN(const coordinator::Caller caller, CallerAs("node"));
  const uint64_t held = core_->store().PartialSize(
      coordinator::FederationCore::PartialName(caller.organisation, call.study, call.round));
  const uint64_t offset = std::min(held, call.bytes);
  std::ifstream file(call.file, std::ios::binary);
  if (!file) return NotFound("contribution file %s cannot be opened", call.file);
  file.seekg(static_cast<std::streamoff>(offset));
  coordinator::UploadIntake intake(core_, caller);
  MUTUAL_RETURN_IF_ERROR(intake.Begin(call.entry, offset));
  std::string piece;
  for (uint64_t left = call.bytes - offset; left > 0; left -= piece.size()) {
    piece.resize(static_cast<size_t>(std::min<uint64_t>(left, kPieceBytes)));
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (file.gcount() != static_cast<std::streamsize>(piece.size())) {
      return DataLoss("contribution file %s is shorter than recorded", call.file);
    }
    MUTUAL_RETURN_IF_ERROR(intake.Append(piece));
  }
  return intake.End();
}

absl::Status InProcessChannel::Decline(const Digest& study, uint64_t round,
                                       const std::string& code) {
  MUTUAL_ASSIGN_OR_RETURN(const coordinator::Caller caller, CallerAs("node"));
  return core_->Decline(caller, study, round, code);
}

absl::StatusOr<std::string> InProcessChannel::SubmitMaskEntry(
    const std::string& entry, const std::vector<client::WrappedKeyCall>& wrapped) {
  if (is_holding_) {
    held_.push_back({entry, wrapped});
    return "";
  }
  MUTUAL_ASSIGN_OR_RETURN(const coordinator::Caller caller, CallerAs("node"));
  MUTUAL_ASSIGN_OR_RETURN(const coordinator::WrappedKeys keys, KeysOf(wrapped));
  return core_->SubmitMaskEntry(caller, entry, keys);
}

absl::Status InProcessChannel::Release() {
  is_holding_ = false;
  absl::Status status;
  for (const MaskEntry& one : std::exchange(held_, {})) {
    status.Update(InProcessChannel::SubmitMaskEntry(one.entry, one.wrapped).status());
  }
  return status;
}

absl::StatusOr<std::vector<client::WrappedKeyCall>> InProcessChannel::FetchWrappedKeys(
    const Digest& study, uint64_t masks) {
  MUTUAL_ASSIGN_OR_RETURN(const coordinator::Caller caller, CallerAs("node"));
  MUTUAL_ASSIGN_OR_RETURN(const coordinator::WrappedKeys keys,
                          core_->WrappedFor(caller.organisation, study, masks));
  std::vector<client::WrappedKeyCall> calls;
  for (const auto& key : keys) {
    calls.push_back(
        {key.mask_class, key.holder, std::string(AsText(key.ephemeral)), key.ciphertext});
  }
  return calls;
}

absl::Status InProcessChannel::SubmitClassSum(const Digest& study, uint64_t round,
                                              uint32_t mask_class, std::string_view bytes) {
  MUTUAL_ASSIGN_OR_RETURN(const coordinator::Caller caller, CallerAs("node"));
  coordinator::ClassSumIntake intake(core_, caller);
  const absl::Status begun = intake.Begin({study, round, mask_class});
  if (absl::IsAlreadyExists(begun)) return absl::OkStatus();  // another holder was first
  MUTUAL_RETURN_IF_ERROR(begun);
  MUTUAL_RETURN_IF_ERROR(intake.Append(bytes));
  return intake.End();
}

absl::StatusOr<client::TrustReply> InProcessChannel::ResearchTrust(const std::string& seen) {
  return Trust("researcher", seen);
}

absl::Status InProcessChannel::ResearchDeclare(const std::string& entry) {
  MUTUAL_ASSIGN_OR_RETURN(const coordinator::Caller caller, CallerAs("researcher"));
  return core_->Declare(caller, entry);
}

absl::StatusOr<Digest> InProcessChannel::Propose(const std::string& text,
                                                 const std::string& entry) {
  MUTUAL_ASSIGN_OR_RETURN(const coordinator::Caller caller, CallerAs("researcher"));
  return core_->Propose(caller, text, entry);
}

absl::StatusOr<std::vector<client::StudySummary>> InProcessChannel::ResearchStudies() {
  return Studies("researcher");
}

absl::StatusOr<client::Outcome> InProcessChannel::GetOutcome(const Digest& study) {
  MUTUAL_RETURN_IF_ERROR(CallerAs("researcher").status());
  MUTUAL_ASSIGN_OR_RETURN(const coordinator::StudyView view, core_->Study(study));
  client::Outcome outcome;
  outcome.study = SummaryOf(view);
  if (outcome.study.state != client::StudyState::kFinished) return outcome;
  outcome.result_json = view.record.result_json;
  outcome.privacy_json = view.record.privacy_json;
  outcome.model_digest = HexDecode(view.record.model).value_or("");
  outcome.receipts = core_->OutcomeReceipts(view);
  return outcome;
}

absl::StatusOr<std::string> InProcessChannel::ResearchContent(const Digest& digest,
                                                              uint64_t max_bytes) {
  return Content("researcher", digest, max_bytes);
}

}  // namespace mutual::simulate
