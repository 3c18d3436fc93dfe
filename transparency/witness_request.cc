#include "transparency/witness_request.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/encoding.h"
#include "base/status.h"
#include "transparency/checkpoint.h"

namespace mutual::transparency {
namespace {

constexpr std::string_view kOld = "old ";
constexpr size_t kMaxRequestBytes = kMaxNoteBytes + 64 * 64;

absl::StatusOr<std::string_view> TakeLine(std::string_view& rest) {
  const size_t end = rest.find('\n');
  if (end == std::string_view::npos) {
    return InvalidArgument(
        "the request ends before its empty line; want \"old SIZE\", hashes, an empty "
        "line and a checkpoint");
  }
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

absl::StatusOr<uint64_t> ParseOldLine(std::string_view line) {
  if (line.substr(0, kOld.size()) != kOld) {
    return InvalidArgument("the request begins with \"%s\", want \"old SIZE\"", line.substr(0, 40));
  }
  const absl::StatusOr<uint64_t> size = ParseUint64(line.substr(kOld.size()));
  if (!size.ok()) return Annotate(size.status(), "old size");
  if (*size > kMaxTreeSize)
    return InvalidArgument("old size is %d, want at most %d", *size, kMaxTreeSize);
  return *size;
}

absl::StatusOr<Digest> ParseHashLine(std::string_view line) {
  const absl::StatusOr<std::string> bytes = Base64Decode(line);
  if (!bytes.ok()) return Annotate(bytes.status(), "hash of the consistency proof");
  Digest hash;
  if (bytes->size() != hash.bytes.size()) {
    return InvalidArgument("hash of the consistency proof has %d bytes, want 32", bytes->size());
  }
  std::copy(bytes->begin(), bytes->end(), hash.bytes.begin());
  return hash;
}

}  // namespace

absl::StatusOr<AddCheckpointRequest> ParseAddCheckpoint(std::string_view bytes) {
  if (bytes.size() > kMaxRequestBytes) {
    return InvalidArgument("the request has %d bytes, want at most %d", bytes.size(),
                           kMaxRequestBytes);
  }
  AddCheckpointRequest request;
  MUTUAL_ASSIGN_OR_RETURN(const std::string_view old_line, TakeLine(bytes));
  MUTUAL_ASSIGN_OR_RETURN(request.old_size, ParseOldLine(old_line));
  while (true) {
    MUTUAL_ASSIGN_OR_RETURN(const std::string_view line, TakeLine(bytes));
    if (line.empty()) break;
    if (request.proof.size() == kMaxConsistencyHashes) {
      return InvalidArgument("the consistency proof has more than %d hashes",
                             kMaxConsistencyHashes);
    }
    MUTUAL_ASSIGN_OR_RETURN(const Digest hash, ParseHashLine(line));
    request.proof.push_back(hash);
  }
  request.checkpoint = bytes;
  return request;
}

std::string PrintAddCheckpoint(const AddCheckpointRequest& request) {
  std::string bytes = std::string(kOld) + std::to_string(request.old_size) + "\n";
  for (const Digest& hash : request.proof) bytes += Base64Encode(hash.bytes) + "\n";
  return bytes + "\n" + request.checkpoint;
}

absl::StatusOr<WitnessReply> ReadWitnessAnswer(const WitnessAnswer& answer, std::string_view text,
                                               const NoteVerifier& witness) {
  if (answer.code == 200) {
    MUTUAL_ASSIGN_OR_RETURN(std::vector<NoteSignature> signatures,
                            ParseSignatureLines(answer.body));
    MUTUAL_ASSIGN_OR_RETURN(Note verified, VerifyNote({std::string(text), std::move(signatures)},
                                                      std::span(&witness, 1)));
    return WitnessReply{std::move(verified.signatures.front()), std::nullopt};
  }
  if (answer.code == 409 && answer.content_type == kSizeContentType) {
    if (answer.body.empty() || answer.body.back() != '\n') {
      return InvalidArgument("the witness %s answered 409 without a size line", witness.name());
    }
    const absl::StatusOr<uint64_t> size =
        ParseUint64(std::string_view(answer.body).substr(0, answer.body.size() - 1));
    if (!size.ok()) return Annotate(size.status(), "size in the witness's answer");
    return WitnessReply{std::nullopt, *size};
  }
  return FailedPrecondition("the witness %s answered %d: %s", witness.name(), answer.code,
                            answer.body.substr(0, 200));
}

}  // namespace mutual::transparency
