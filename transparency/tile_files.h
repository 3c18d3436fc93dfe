// The files that a growing log adds: tiles of hashes and bundles of entries.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "transparency/log_reader.h"

namespace mutual::transparency {

struct TileFile {
  std::string path;
  std::string bytes;
};

// The files of the log that `old_log` reads after `entries` are appended, and that it does not have
// now: NewBundles() and NewTiles() with their contents. Errors of the reader are passed on.
absl::StatusOr<std::vector<TileFile>> FilesOfGrowth(LogReader& old_log,
                                                    std::span<const std::string> entries);

// The folders of partial tiles that the last full tile of each level of a log of `size` entries
// supersedes. A batch of up to 256 entries fills at most one tile a level, so removing these after
// every batch leaves none behind.
std::vector<std::string> SupersededFolders(uint64_t size);

}  // namespace mutual::transparency
