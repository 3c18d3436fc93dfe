#include "transparency/proof.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/encoding.h"
#include "base/status.h"

namespace mutual::transparency {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";

absl::StatusOr<std::string_view> TakeLine(std::string_view* bytes) {
  const size_t end = bytes->find('\n');
  if (end == std::string_view::npos) return InvalidArgument("the proof ends in mid-line");
  const std::string_view line = bytes->substr(0, end);
  bytes->remove_prefix(end + 1);
  return line;
}

absl::StatusOr<Digest> ParseHash(std::string_view line) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, Base64Decode(line));
  Digest hash;
  if (bytes.size() != hash.bytes.size()) {
    return InvalidArgument("a hash of the proof has %d bytes, want 32", bytes.size());
  }
  std::ranges::copy(AsBytes(bytes), hash.bytes.begin());
  return hash;
}

absl::StatusOr<std::vector<Digest>> TakeHashes(std::string_view* bytes) {
  std::vector<Digest> hashes;
  while (true) {
    MUTUAL_ASSIGN_OR_RETURN(const std::string_view line, TakeLine(bytes));
    if (line.empty()) return hashes;
    if (hashes.size() == kMaxProofHashes) {
      return InvalidArgument("the proof has more than %d hashes", kMaxProofHashes);
    }
    MUTUAL_ASSIGN_OR_RETURN(hashes.emplace_back(), ParseHash(line));
  }
}

absl::StatusOr<std::string> ParseExtra(std::string_view line) {
  MUTUAL_ASSIGN_OR_RETURN(std::string entry, Base64Decode(line.substr(kExtra.size())));
  if (entry.empty()) return InvalidArgument("the proof has an empty extra line, want none");
  return entry;
}

absl::Status CheckCheckpoint(std::string_view bytes) {
  MUTUAL_ASSIGN_OR_RETURN(const Note note, ParseNote(bytes));
  return ParseCheckpoint(note.text).status();
}

absl::Status CheckHasEntry(const Proof& proof) {
  if (proof.entry.has_value()) return absl::OkStatus();
  return InvalidArgument("the proof has no entry in it; give the entry as well");
}

}  // namespace

absl::StatusOr<Proof> ParseProof(std::string_view bytes) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string_view first, TakeLine(&bytes));
  if (first != kFirstLine) {
    return InvalidArgument("not a proof: the first line is not %s", std::string(kFirstLine));
  }
  Proof proof;
  MUTUAL_ASSIGN_OR_RETURN(std::string_view line, TakeLine(&bytes));
  if (line.starts_with(kExtra)) {
    MUTUAL_ASSIGN_OR_RETURN(proof.entry, ParseExtra(line));
    MUTUAL_ASSIGN_OR_RETURN(line, TakeLine(&bytes));
  }
  if (!line.starts_with(kIndex)) return InvalidArgument("the proof lacks its index line");
  MUTUAL_ASSIGN_OR_RETURN(proof.index, ParseUint64(line.substr(kIndex.size())));
  MUTUAL_ASSIGN_OR_RETURN(proof.hashes, TakeHashes(&bytes));
  MUTUAL_RETURN_IF_ERROR(Annotate(CheckCheckpoint(bytes), "the checkpoint of the proof"));
  proof.checkpoint = std::string(bytes);
  return proof;
}

std::string PrintProof(const Proof& proof) {
  std::string text = std::string(kFirstLine) + "\n";
  if (proof.entry.has_value()) {
    text += std::string(kExtra) + Base64Encode(AsBytes(*proof.entry)) + "\n";
  }
  text += absl::StrFormat("%s%d\n", std::string(kIndex), proof.index);
  for (const Digest& hash : proof.hashes) text += Base64Encode(hash.bytes) + "\n";
  return text + "\n" + proof.checkpoint;
}

absl::StatusOr<Proof> MakeReceipt(LogReader& log, uint64_t index, const std::string& checkpoint) {
  MUTUAL_ASSIGN_OR_RETURN(const Note note, ParseNote(checkpoint));
  MUTUAL_ASSIGN_OR_RETURN(const Checkpoint parsed, ParseCheckpoint(note.text));
  if (TreeHead{parsed.size, parsed.root} != log.tree()) {
    return InvalidArgument(
        "the checkpoint is of size %d, the log was opened at size %d; open it "
        "with that checkpoint",
        parsed.size, log.tree().size);
  }
  Proof receipt;
  MUTUAL_ASSIGN_OR_RETURN(receipt.entry, log.Entry(index));
  MUTUAL_ASSIGN_OR_RETURN(receipt.hashes, log.InclusionProof(index, parsed.size));
  receipt.index = index;
  receipt.checkpoint = checkpoint;
  return receipt;
}

absl::StatusOr<Evaluation> VerifyProof(const Proof& proof, std::string_view entry,
                                       const Policy& policy) {
  MUTUAL_ASSIGN_OR_RETURN(Evaluation evaluation, policy.RequireQuorum(proof.checkpoint));
  const Checkpoint& checkpoint = evaluation.signed_checkpoint.checkpoint;
  MUTUAL_RETURN_IF_ERROR(VerifyInclusion(LeafHash(entry), proof.index,
                                         {checkpoint.size, checkpoint.root}, proof.hashes));
  return evaluation;
}

absl::StatusOr<Evaluation> VerifyReceipt(const Proof& proof, const Policy& policy) {
  MUTUAL_RETURN_IF_ERROR(CheckHasEntry(proof));
  return VerifyProof(proof, *proof.entry, policy);
}

absl::Status VerifyReceiptIn(const Proof& proof, const Evaluation& evaluation) {
  MUTUAL_RETURN_IF_ERROR(CheckHasEntry(proof));
  const Checkpoint& checkpoint = evaluation.signed_checkpoint.checkpoint;
  return VerifyInclusion(LeafHash(*proof.entry), proof.index, {checkpoint.size, checkpoint.root},
                         proof.hashes);
}

}  // namespace mutual::transparency
