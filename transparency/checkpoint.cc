#include "transparency/checkpoint.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/encoding.h"
#include "base/status.h"

namespace mutual::transparency {
namespace {

// Takes one line, without its newline, off the front of `rest`.
absl::StatusOr<std::string_view> TakeLine(std::string_view& rest, const char* what) {
  const size_t end = rest.find('\n');
  if (end == std::string_view::npos) {
    return InvalidArgument("the checkpoint ends before its %s; want an origin, a size and a root",
                           what);
  }
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

absl::Status CheckExtension(std::string_view lines) {
  while (!lines.empty()) {
    MUTUAL_ASSIGN_OR_RETURN(const std::string_view line, TakeLine(lines, "last newline"));
    if (line.empty())
      return InvalidArgument("the checkpoint has an empty extension line; want none");
  }
  return absl::OkStatus();
}

}  // namespace

std::string Checkpoint::ToText() const {
  return origin + "\n" + std::to_string(size) + "\n" + Base64Encode(root.bytes) + "\n" + extension;
}

absl::StatusOr<Checkpoint> ParseCheckpoint(std::string_view text) {
  MUTUAL_RETURN_IF_ERROR(CheckNoteText(text));
  Checkpoint checkpoint;
  MUTUAL_ASSIGN_OR_RETURN(const std::string_view origin, TakeLine(text, "origin"));
  if (const absl::Status status = CheckKeyName(origin); !status.ok()) {
    return Annotate(status, "origin of the checkpoint");
  }
  checkpoint.origin = origin;
  MUTUAL_ASSIGN_OR_RETURN(const std::string_view size, TakeLine(text, "size"));
  const absl::StatusOr<uint64_t> value = ParseUint64(size);
  if (!value.ok()) return Annotate(value.status(), "size of the checkpoint");
  if (*value > kMaxTreeSize) {
    return InvalidArgument("size of the checkpoint is %d, want at most %d", *value, kMaxTreeSize);
  }
  checkpoint.size = *value;
  MUTUAL_ASSIGN_OR_RETURN(const std::string_view root, TakeLine(text, "root"));
  const absl::StatusOr<std::string> bytes = Base64Decode(root);
  if (!bytes.ok()) return Annotate(bytes.status(), "root of the checkpoint");
  if (bytes->size() != checkpoint.root.bytes.size()) {
    return InvalidArgument("root of the checkpoint has %d bytes, want 32", bytes->size());
  }
  std::copy(bytes->begin(), bytes->end(), checkpoint.root.bytes.begin());
  MUTUAL_RETURN_IF_ERROR(CheckExtension(text));
  checkpoint.extension = text;
  return checkpoint;
}

absl::StatusOr<std::string> SignCheckpoint(const Checkpoint& checkpoint, const NoteSigner& signer) {
  if (signer.verifier().name() != checkpoint.origin) {
    return InvalidArgument("the key is named %s, want the origin %s", signer.verifier().name(),
                           checkpoint.origin);
  }
  const std::string text = checkpoint.ToText();
  MUTUAL_ASSIGN_OR_RETURN(const Checkpoint again, ParseCheckpoint(text));
  if (again != checkpoint) return InvalidArgument("the checkpoint does not read back as itself");
  return PrintNote({text, {signer.Sign(text)}});
}

absl::StatusOr<SignedCheckpoint> OpenCheckpoint(std::string_view bytes,
                                                const NoteVerifier& verifier) {
  SignedCheckpoint opened;
  MUTUAL_ASSIGN_OR_RETURN(opened.note, ParseNote(bytes));
  MUTUAL_ASSIGN_OR_RETURN(opened.checkpoint, ParseCheckpoint(opened.note.text));
  if (opened.checkpoint.origin != verifier.name()) {
    return PermissionDenied("the checkpoint is of the log %s, want %s", opened.checkpoint.origin,
                            verifier.name());
  }
  const absl::StatusOr<Note> checked = VerifyNote(opened.note, std::span(&verifier, 1));
  if (!checked.ok()) return Annotate(checked.status(), "log signature of the checkpoint");
  return opened;
}

}  // namespace mutual::transparency
