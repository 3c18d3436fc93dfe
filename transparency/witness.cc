#include "transparency/witness.h"

#include <utility>

#include "absl/time/time.h"
#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "transparency/merkle.h"

namespace mutual::transparency {
namespace {

constexpr int kMaxAttempts = 64;

WitnessAnswer Refuse(int code, std::string_view why) {
  return {code, kTextContentType, std::string(why) + "\n"};
}
WitnessAnswer Refuse(int code, const absl::Status& status) {
  return Refuse(code, std::string(status.message()));
}

}  // namespace

// A request whose checkpoint is by a log known here.
struct Witness::Proposal {
  AddCheckpointRequest request;
  Checkpoint checkpoint;
  Note note;  // with the log's verified signatures only
};

absl::StatusOr<std::unique_ptr<Witness>> Witness::Create(Options options) {
  for (const NoteVerifier& log : options.logs) {
    if (log.type() != KeyType::kNote) {
      return InvalidArgument("the key of the log %s is of type %d, want 1", log.name(),
                             static_cast<int>(log.type()));
    }
    if (log.key() == options.signer.verifier().key()) {
      return InvalidArgument(
          "the witness's key is the key of the log %s; make one for the witness alone", log.name());
    }
  }
  return std::unique_ptr<Witness>(new Witness(std::move(options)));
}

Witness::Witness(Options options) : options_(std::move(options)) {
  for (const NoteVerifier& log : options_.logs) {
    keys_of_[log.name()].push_back(log);
    origin_of_[crypto::Sha256(log.name()).ToHex()] = log.name();
  }
}

WitnessAnswer Witness::Read(std::string_view body, Proposal* proposal) const {
  absl::StatusOr<AddCheckpointRequest> request = ParseAddCheckpoint(body);
  if (!request.ok()) return Refuse(400, request.status());
  const absl::StatusOr<Note> note = ParseNote(request->checkpoint);
  if (!note.ok()) return Refuse(400, note.status());
  absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(note->text);
  if (!checkpoint.ok()) return Refuse(400, checkpoint.status());
  const auto keys = keys_of_.find(checkpoint->origin);
  if (keys == keys_of_.end())
    return Refuse(404, "this witness does not know the log " + checkpoint->origin);
  absl::StatusOr<Note> verified = VerifyNote(*note, keys->second);
  if (!verified.ok()) return Refuse(403, verified.status());
  if (request->old_size > checkpoint->size) {
    return Refuse(400, absl::StrFormat("old size %d is above the checkpoint's size %d",
                                       request->old_size, checkpoint->size));
  }
  *proposal = {*std::move(request), *std::move(checkpoint), *std::move(verified)};
  return {};
}

// A record must bear the witness's own signature: a damaged one is never taken for another state.
absl::StatusOr<Checkpoint> Witness::ReadRecord(const std::string& origin,
                                               const std::string& record) const {
  if (record.empty()) return Checkpoint{origin, 0, EmptyRoot(), ""};
  absl::StatusOr<Checkpoint> checkpoint = [&]() -> absl::StatusOr<Checkpoint> {
    MUTUAL_ASSIGN_OR_RETURN(const Note note, OpenNote(record, std::span(&verifier(), 1)));
    return ParseCheckpoint(note.text);
  }();
  if (checkpoint.ok() && checkpoint->origin == origin) return checkpoint;
  return DataLoss("the state kept of %s is damaged; restore it or enrol a new witness key", origin);
}

WitnessAnswer Witness::Decide(const Proposal& proposal) {
  const Checkpoint& checkpoint = proposal.checkpoint;
  const absl::StatusOr<std::string> record = options_.store->Load(checkpoint.origin);
  if (!record.ok()) return Refuse(500, record.status());
  const absl::StatusOr<Checkpoint> last = ReadRecord(checkpoint.origin, *record);
  if (!last.ok()) return Refuse(500, last.status());
  if (proposal.request.old_size != last->size) {
    return {409, kSizeContentType, std::to_string(last->size) + "\n"};
  }
  const absl::Status consistent = VerifyConsistency(
      {last->size, last->root}, {checkpoint.size, checkpoint.root}, proposal.request.proof);
  if (!consistent.ok()) return Refuse(422, consistent);
  const int64_t now = absl::ToUnixSeconds(options_.clock->Now());
  if (now < 0) return Refuse(500, "the witness's clock is before 1970");
  Note cosigned = proposal.note;
  const absl::StatusOr<NoteSignature> signature =
      options_.signer.Sign(cosigned.text, static_cast<uint64_t>(now));
  if (!signature.ok()) return Refuse(500, signature.status());
  cosigned.signatures.push_back(*signature);
  const std::string desired = PrintNote(cosigned);
  if (desired.size() > kMaxNoteBytes) return Refuse(400, "the checkpoint is too long to keep");
  const absl::StatusOr<bool> swapped =
      options_.store->CompareAndSwap(checkpoint.origin, *record, desired);
  if (!swapped.ok()) return Refuse(500, swapped.status());
  if (!*swapped) return {};
  return {200, kTextContentType, PrintSignatureLine(*signature)};
}

WitnessAnswer Witness::AddCheckpoint(std::string_view body) {
  Proposal proposal;
  WitnessAnswer answer = Read(body, &proposal);
  for (int i = 0; answer.code == 0 && i < kMaxAttempts; ++i) answer = Decide(proposal);
  if (answer.code == 0) return Refuse(503, "too many requests for this log at once; ask again");
  return answer;
}

WitnessAnswer Witness::GetCheckpoint(std::string_view origin_hash) {
  const auto origin = origin_of_.find(std::string(origin_hash));
  if (origin == origin_of_.end()) return Refuse(404, "this witness does not know such a log");
  const absl::StatusOr<std::string> record = options_.store->Load(origin->second);
  if (!record.ok()) return Refuse(500, record.status());
  if (record->empty()) return Refuse(404, "this witness has cosigned nothing of that log yet");
  const absl::StatusOr<Checkpoint> checked = ReadRecord(origin->second, *record);
  if (!checked.ok()) return Refuse(500, checked.status());
  return {200, kTextContentType, *record};
}

}  // namespace mutual::transparency
