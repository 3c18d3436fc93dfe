// A folder tree that one writer fills with files that survive a crash.
//
// Files are written temp → fsync → rename; the folders that changed are synced together by
// SyncFolders(), so that a batch of files costs one fsync a file and one a folder. Temporary names
// are fixed (`NAME.tmp`): the next attempt reuses what a crash left behind. After a failed call
// nothing may be assumed about what is durable; the caller ends. Not thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mutual::transparency {

class DurableFolder {
 public:
  // Makes `root` and what is missing above it, and syncs it, so that what is seen there from now on
  // stays. Errors here and below are those of SystemError().
  static absl::StatusOr<DurableFolder> Open(const std::filesystem::path& root);

  const std::filesystem::path& root() const { return root_; }

  // Writes a file that never changes, and the folders above it. Where the same bytes are there
  // already they are synced; DATA_LOSS LOG_CORRUPT when other bytes are.
  absl::Status Add(const std::string& name, std::string_view bytes);
  // Writes a file that may be there with other bytes: after a crash either the old or the new.
  absl::Status Replace(const std::string& name, std::string_view bytes);
  // Writes a file in place: after a crash it may hold anything. Durable after SyncFolders() the
  // first time, at once later.
  absl::Status Overwrite(const std::string& name, std::string_view bytes);
  // Makes the names of what was written durable.
  absl::Status SyncFolders();

  // Makes `name` an empty file if it is there. Not durable.
  absl::Status Empty(const std::string& name);
  // Removes a file or a folder with all in it, if it is there. Not durable.
  absl::Status Remove(const std::string& name);

  // How many files were synced so far; the syncs of folders are not counted.
  uint64_t files_synced() const { return files_synced_; }

 private:
  explicit DurableFolder(std::filesystem::path root) : root_(std::move(root)) {}
  absl::Status WriteThenSync(const std::filesystem::path& path, std::string_view bytes);
  absl::Status MakeFolders(const std::filesystem::path& folder);

  std::filesystem::path root_;
  std::set<std::filesystem::path> known_;    // folders whose own name is, or will be, synced
  std::set<std::filesystem::path> changed_;  // folders to sync
  uint64_t files_synced_ = 0;
};

}  // namespace mutual::transparency
