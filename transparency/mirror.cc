#include "transparency/mirror.h"

#include <vector>

#include "base/file.h"
#include "base/status.h"
#include "transparency/checkpoint.h"
#include "transparency/durable_folder.h"
#include "transparency/entry_bundle.h"
#include "transparency/log_reader.h"

namespace mutual::transparency {
namespace {

constexpr char kCheckpointFile[] = "checkpoint";

absl::StatusOr<TreeHead> ReadHead(const std::string& checkpoint, const NoteVerifier& log) {
  MUTUAL_ASSIGN_OR_RETURN(const SignedCheckpoint found, OpenCheckpoint(checkpoint, log));
  return TreeHead{found.checkpoint.size, found.checkpoint.root};
}

// What is copied so far; size 0 for a new folder.
absl::StatusOr<TreeHead> CopiedHead(const DurableFolder& copy, const NoteVerifier& log) {
  const auto checkpoint = ReadFile(copy.root() / kCheckpointFile, kMaxNoteBytes);
  if (absl::IsNotFound(checkpoint.status())) return TreeHead{0, EmptyRoot()};
  if (!checkpoint.ok()) return checkpoint.status();
  return ReadHead(*checkpoint, log);
}

absl::Status CheckPrefix(const TreeHead& copied, LogReader& log) {
  if (copied.size > log.tree().size) {
    return FailedPrecondition(
        "the copy has size %d, the checkpoint given is of size %d; give a "
        "newer one",
        copied.size, log.tree().size);
  }
  MUTUAL_ASSIGN_OR_RETURN(const TreeHead then, log.HeadAt(copied.size));
  if (then == copied) return absl::OkStatus();
  return WithCode(DataLoss("the log signed two histories: its tree of size %d had another root "
                           "when it was copied; keep both checkpoints as evidence",
                           copied.size),
                  "LOG_FORKED");
}

absl::Status CopyTile(LogReader& log, const Tile& tile, DurableFolder* copy) {
  if (tile.level != kEntriesLevel) {
    MUTUAL_ASSIGN_OR_RETURN(const auto hashes, log.tiles().Hashes(tile.level, tile.number));
    return copy->Add(TilePath(tile), PrintTile(hashes));
  }
  std::vector<std::string> entries;
  const uint64_t begin = tile.number * kTileWidth;
  MUTUAL_RETURN_IF_ERROR(
      log.ForEach(begin, begin + tile.width, [&](uint64_t, std::string_view entry) {
        entries.emplace_back(entry);
        return absl::OkStatus();
      }));
  MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, PrintBundle(entries));
  return copy->Add(TilePath(tile), bytes);
}

// Files that are copied already first, then the source.
Fetch CopyThenSource(const std::filesystem::path& folder, const Fetch& source) {
  return [copied = FetchFromFolder(folder), &source](const std::string& path) {
    absl::StatusOr<std::string> bytes = copied(path);
    return absl::IsNotFound(bytes.status()) ? source(path) : bytes;
  };
}

}  // namespace

absl::Status MirrorLog(const Fetch& source, const std::filesystem::path& folder,
                       const std::string& checkpoint, const NoteVerifier& log) {
  MUTUAL_ASSIGN_OR_RETURN(const TreeHead head, ReadHead(checkpoint, log));
  MUTUAL_ASSIGN_OR_RETURN(DurableFolder copy, DurableFolder::Open(folder));
  MUTUAL_ASSIGN_OR_RETURN(const TreeHead copied, CopiedHead(copy, log));
  MUTUAL_ASSIGN_OR_RETURN(const auto reader,
                          LogReader::Open(CopyThenSource(copy.root(), source), head));
  MUTUAL_RETURN_IF_ERROR(CheckPrefix(copied, *reader));
  for (const Tile& tile : NewBundles(copied.size, head.size)) {
    MUTUAL_RETURN_IF_ERROR(CopyTile(*reader, tile, &copy));
  }
  for (const Tile& tile : NewTiles(copied.size, head.size)) {
    MUTUAL_RETURN_IF_ERROR(CopyTile(*reader, tile, &copy));
  }
  MUTUAL_RETURN_IF_ERROR(copy.SyncFolders());
  MUTUAL_RETURN_IF_ERROR(copy.Replace(kCheckpointFile, checkpoint));
  return copy.SyncFolders();
}

}  // namespace mutual::transparency
