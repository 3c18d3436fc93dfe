#include "transparency/proof.h"

#include "base/encoding.h"
#include "base/status.h"
#include "transparency/note.h"

namespace mutual::transparency {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr size_t kMaxHashes = 63;

// Takes the text before the next newline off `rest`.
absl::StatusOr<std::string_view> TakeLine(std::string_view* rest) {
  const size_t end = rest->find('\n');
  if (end == std::string_view::npos) return InvalidArgument("the proof ends before its checkpoint");
  const std::string_view line = rest->substr(0, end);
  rest->remove_prefix(end + 1);
  return line;
}

bool TakePrefix(std::string_view prefix, std::string_view* line) {
  if (!line->starts_with(prefix)) return false;
  line->remove_prefix(prefix.size());
  return true;
}

absl::StatusOr<Digest> ParseHash(std::string_view line) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, Base64Decode(line));
  Digest digest;
  if (bytes.size() != digest.bytes.size()) {
    return InvalidArgument("a hash of the proof has %d bytes, want 32", bytes.size());
  }
  std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
  return digest;
}

}  // namespace

std::string PrintProof(const Proof& proof) {
  std::string text = std::string(kFirstLine) + "\n";
  if (!proof.extra.empty()) text += "extra " + Base64Encode(AsBytes(proof.extra)) + "\n";
  text += "index " + std::to_string(proof.index) + "\n";
  for (const Digest& hash : proof.hashes) text += Base64Encode(hash.bytes) + "\n";
  return text + "\n" + proof.checkpoint;
}

absl::StatusOr<Proof> ParseProof(std::string_view bytes) {
  if (bytes.size() > 2 * kMaxNoteBytes) {
    return InvalidArgument("the proof has %d bytes, want at most %d", bytes.size(), 2 * kMaxNoteBytes);
  }
  MUTUAL_ASSIGN_OR_RETURN(std::string_view line, TakeLine(&bytes));
  if (line != kFirstLine) return InvalidArgument("the file is no tlog-proof@v1");
  Proof proof;
  MUTUAL_ASSIGN_OR_RETURN(line, TakeLine(&bytes));
  if (TakePrefix("extra ", &line)) {
    MUTUAL_ASSIGN_OR_RETURN(proof.extra, Base64Decode(line));
    if (proof.extra.empty()) return InvalidArgument("the proof's extra line is empty");
    MUTUAL_ASSIGN_OR_RETURN(line, TakeLine(&bytes));
  }
  if (!TakePrefix("index ", &line)) return InvalidArgument("the proof has no index line");
  MUTUAL_ASSIGN_OR_RETURN(proof.index, ParseUint64(line));
  MUTUAL_ASSIGN_OR_RETURN(line, TakeLine(&bytes));
  while (!line.empty()) {
    if (proof.hashes.size() == kMaxHashes) {
      return InvalidArgument("the proof has more than %d hashes", kMaxHashes);
    }
    MUTUAL_ASSIGN_OR_RETURN(proof.hashes.emplace_back(), ParseHash(line));
    MUTUAL_ASSIGN_OR_RETURN(line, TakeLine(&bytes));
  }
  proof.checkpoint = std::string(bytes);
  MUTUAL_RETURN_IF_ERROR(ParseNote(proof.checkpoint).status());
  return proof;
}

}  // namespace mutual::transparency
