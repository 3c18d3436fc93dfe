#include "transparency/tile_files.h"

#include <algorithm>

#include "base/status.h"
#include "transparency/entry_bundle.h"

namespace mutual::transparency {
namespace {

absl::Status AppendBundles(LogReader& old_log, std::span<const std::string> entries,
                           std::vector<TileFile>* files) {
  const uint64_t old_size = old_log.tree().size;
  uint64_t number = old_size / kTileWidth;
  std::vector<std::string> waiting;
  MUTUAL_RETURN_IF_ERROR(
      old_log.ForEach(number * kTileWidth, old_size, [&](uint64_t, std::string_view entry) {
        waiting.emplace_back(entry);
        return absl::OkStatus();
      }));
  waiting.insert(waiting.end(), entries.begin(), entries.end());
  for (std::span<const std::string> rest(waiting); !rest.empty(); ++number) {
    const auto width = static_cast<uint32_t>(std::min<size_t>(kTileWidth, rest.size()));
    MUTUAL_ASSIGN_OR_RETURN(std::string bytes, PrintBundle(rest.first(width)));
    files->push_back({TilePath({kEntriesLevel, number, width}), std::move(bytes)});
    rest = rest.subspan(width);
  }
  return absl::OkStatus();
}

// Appends the tiles of one level that `added` hashes go into; returns the hashes of those that are
// full, which the level above gets.
absl::StatusOr<std::vector<Digest>> AppendLevel(LogReader& old_log, int level,
                                                std::span<const Digest> added,
                                                std::vector<TileFile>* files) {
  const uint64_t old_count = old_log.tree().size >> (8 * level);
  uint64_t number = old_count / kTileWidth;
  std::vector<Digest> hashes;
  if (old_count % kTileWidth != 0) {
    MUTUAL_ASSIGN_OR_RETURN(hashes, old_log.tiles().Hashes(level, number));
  }
  hashes.insert(hashes.end(), added.begin(), added.end());
  std::vector<Digest> above;
  for (std::span<const Digest> rest(hashes); !rest.empty(); ++number) {
    const auto width = static_cast<uint32_t>(std::min<size_t>(kTileWidth, rest.size()));
    files->push_back({TilePath({level, number, width}), PrintTile(rest.first(width))});
    if (width == kTileWidth) above.push_back(RootOf(rest.first(width)));
    rest = rest.subspan(width);
  }
  return above;
}

}  // namespace

absl::StatusOr<std::vector<TileFile>> FilesOfGrowth(LogReader& old_log,
                                                    std::span<const std::string> entries) {
  std::vector<TileFile> files;
  MUTUAL_RETURN_IF_ERROR(AppendBundles(old_log, entries, &files));
  std::vector<Digest> added;
  for (const std::string& entry : entries) added.push_back(LeafHash(entry));
  for (int level = 0; level <= kHighestLevel && !added.empty(); ++level) {
    MUTUAL_ASSIGN_OR_RETURN(added, AppendLevel(old_log, level, added, &files));
  }
  return files;
}

std::vector<std::string> SupersededFolders(uint64_t size) {
  std::vector<std::string> folders;
  for (int level = kEntriesLevel; level <= kHighestLevel; ++level) {
    const uint64_t full = (size >> (8 * std::max(level, 0))) / kTileWidth;
    if (full > 0) folders.push_back(TilePath({level, full - 1, kTileWidth}) + ".p");
  }
  return folders;
}

}  // namespace mutual::transparency
