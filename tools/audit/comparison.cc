#include "tools/audit/comparison.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/status.h"

namespace mutual::audit {
namespace {

using transparency::LogReader;

// The smallest size at which the heads differ; they are equal at `same` and differ at `differ`.
absl::StatusOr<uint64_t> Narrow(LogReader& one, LogReader& other, uint64_t differ) {
  uint64_t same = 0;
  while (differ - same > 1) {
    const uint64_t middle = same + (differ - same) / 2;
    MUTUAL_ASSIGN_OR_RETURN(const auto head, one.HeadAt(middle));
    MUTUAL_ASSIGN_OR_RETURN(const auto other_head, other.HeadAt(middle));
    (head == other_head ? same : differ) = middle;
  }
  return differ;
}

absl::Status WriteCopy(const AuditedLog& log, uint64_t index, const std::string& name,
                       const std::filesystem::path& folder) {
  MUTUAL_RETURN_IF_ERROR(
      WriteFileDurably(folder / (name + ".checkpoint"), log.head.bytes, FileMode::kPublic));
  MUTUAL_ASSIGN_OR_RETURN(const std::string entry, log.reader->Entry(index));
  return WriteFileDurably(folder / (name + ".entry"), entry, FileMode::kPublic);
}

}  // namespace

absl::StatusOr<std::optional<uint64_t>> FirstDifference(const AuditedLog& one,
                                                        const AuditedLog& other,
                                                        Findings* findings) {
  const auto &a = one.head.checkpoint, &b = other.head.checkpoint;
  if (a.origin != b.origin) {
    return InvalidArgument("these are two logs, %s and %s; compare two copies of one", a.origin,
                           b.origin);
  }
  if (one.reader == nullptr || other.reader == nullptr) {
    findings->Skip("FORK", "a copy's tiles are damaged; verify it first");
    return std::nullopt;
  }
  const uint64_t size = std::min(a.size, b.size);
  MUTUAL_ASSIGN_OR_RETURN(const auto head, one.reader->HeadAt(size));
  MUTUAL_ASSIGN_OR_RETURN(const auto other_head, other.reader->HeadAt(size));
  if (head == other_head) {
    findings->Pass("FORK",
                   absl::StrFormat("both copies agree on the first %s entries", Grouped(size)));
    return std::nullopt;
  }
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t differ, Narrow(*one.reader, *other.reader, size));
  findings->Fail("FORK",
                 absl::StrFormat("two stories: the copies agree on %s entries, entry %s differs",
                                 Grouped(differ - 1), Grouped(differ - 1)),
                 differ - 1);
  return differ - 1;
}

absl::Status WriteEvidence(const AuditedLog& one, const AuditedLog& other, uint64_t index,
                           const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Unavailable("%s cannot be made: %s", folder.string(), error.message());
  MUTUAL_RETURN_IF_ERROR(WriteCopy(one, index, "one", folder));
  MUTUAL_RETURN_IF_ERROR(WriteCopy(other, index, "other", folder));
  const std::string note = absl::StrFormat(
      "Two copies of the log %s disagree from entry %d on.\n\n"
      "one:   %s\nother: %s\n\n"
      "Both checkpoints below bear the log's signature when their CP-SIG check passed: then its\n"
      "operator signed two stories, and these files prove it to anybody. Show them to the\n"
      "organisations and to the witnesses that cosigned.\n",
      one.head.checkpoint.origin, index, one.source, other.source);
  return WriteFileDurably(folder / "README.txt", note, FileMode::kPublic);
}

void CheckConsistent(const transparency::Checkpoint& one, const transparency::Checkpoint& other,
                     LogReader* reader, Findings* findings) {
  const bool is_ordered = one.size <= other.size;
  const transparency::Checkpoint& old = is_ordered ? one : other;
  const transparency::Checkpoint& later = is_ordered ? other : one;
  if (one.origin != other.origin) {
    return findings->Skip("APPEND", "these are checkpoints of two logs");
  }
  if (old.size == later.size) {
    return old.root == later.root
               ? findings->Pass("APPEND", "both name the same tree")
               : findings->Fail("APPEND", absl::StrFormat("one size, %s, and two roots: a fork",
                                                          Grouped(old.size)));
  }
  if (reader == nullptr) {
    return findings->Skip("APPEND", "sizes differ; name the log that links them (--log)");
  }
  for (const auto* checkpoint : {&later, &old}) {
    const auto head = checkpoint->size <= reader->tree().size
                          ? reader->HeadAt(checkpoint->size)
                          : absl::StatusOr<transparency::TreeHead>(
                                NotFound("the log has fewer entries than a checkpoint"));
    if (!head.ok()) return findings->Judge("APPEND", head.status());
    if (head->root == checkpoint->root) continue;
    return findings->Fail("APPEND", absl::StrFormat("the checkpoint of size %s is none of this log",
                                                    Grouped(checkpoint->size)));
  }
  findings->Pass("APPEND", absl::StrFormat("%s entries extend the %s before", Grouped(later.size),
                                           Grouped(old.size)));
}

}  // namespace mutual::audit
