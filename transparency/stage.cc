#include "transparency/stage.h"

#include "absl/strings/str_format.h"
#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "transparency/checkpoint.h"
#include "transparency/entry_bundle.h"

namespace mutual::transparency {
namespace {

constexpr std::string_view kFirstLine = "mutual/log-stage@v1";
constexpr std::string_view kCount = "entries ";
constexpr std::string_view kDigest = "sha256 ";
constexpr size_t kDigestLine = 7 + 64 + 1;

std::string DigestLine(std::string_view bytes) {
  return std::string(kDigest) + crypto::Sha256(bytes).ToHex() + "\n";
}

// Takes `count` lines with their ends off the front of `bytes`.
absl::StatusOr<std::string> TakeLines(int count, std::string_view* bytes) {
  size_t end = 0;
  for (int i = 0; i < count; ++i) {
    end = bytes->find('\n', end);
    if (end == std::string_view::npos) return InvalidArgument("the stage has too few lines");
    ++end;
  }
  const std::string lines(bytes->substr(0, end));
  bytes->remove_prefix(end);
  return lines;
}

absl::StatusOr<Checkpoint> TakeCheckpoint(std::string_view* bytes) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string text, TakeLines(3, bytes));
  return ParseCheckpoint(text);
}

absl::StatusOr<uint64_t> TakeCount(std::string_view* bytes) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string line, TakeLines(1, bytes));
  if (!line.starts_with(kCount)) return InvalidArgument("the stage lacks its count of entries");
  return ParseUint64(std::string_view(line).substr(kCount.size(), line.size() - kCount.size() - 1));
}

}  // namespace

absl::StatusOr<std::string> PrintStage(const Stage& stage) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string bundle, PrintBundle(stage.entries));
  const Checkpoint before{stage.origin, stage.old_tree.size, stage.old_tree.root, ""};
  const Checkpoint after{stage.origin, stage.new_tree.size, stage.new_tree.root, ""};
  std::string bytes = std::string(kFirstLine) + "\n" + before.ToText() + after.ToText();
  bytes += absl::StrFormat("entries %d\n", stage.entries.size());
  bytes += bundle;
  return bytes + DigestLine(bytes);
}

absl::StatusOr<Stage> ParseStage(std::string_view bytes) {
  const size_t size = bytes.size() < kDigestLine ? 0 : bytes.size() - kDigestLine;
  if (bytes.substr(size) != DigestLine(bytes.substr(0, size))) {
    return WithCode(DataLoss("the stage of %d bytes was not written whole", bytes.size()),
                    "STAGE_INCOMPLETE");
  }
  bytes = bytes.substr(0, size);
  MUTUAL_ASSIGN_OR_RETURN(const std::string first, TakeLines(1, &bytes));
  if (first != std::string(kFirstLine) + "\n") {
    return InvalidArgument("not a stage this version knows, want %s", std::string(kFirstLine));
  }
  MUTUAL_ASSIGN_OR_RETURN(const Checkpoint before, TakeCheckpoint(&bytes));
  MUTUAL_ASSIGN_OR_RETURN(const Checkpoint after, TakeCheckpoint(&bytes));
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t count, TakeCount(&bytes));
  if (before.origin != after.origin || before.size > after.size ||
      after.size - before.size != count) {
    return InvalidArgument("a stage from size %d to %d has %d entries", before.size, after.size,
                           count);
  }
  MUTUAL_ASSIGN_OR_RETURN(std::vector<std::string> entries, ParseBundle(bytes, count));
  return Stage{
      before.origin, {before.size, before.root}, {after.size, after.root}, std::move(entries)};
}

}  // namespace mutual::transparency
