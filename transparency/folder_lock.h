// The right to be the one writer of a folder: flock(2) on the file `lock` in it.
#pragma once

#include <filesystem>

#include "absl/status/statusor.h"

namespace mutual::transparency {

// Held until destruction or the end of the process, however it ends. Movable, not copyable.
class FolderLock {
 public:
  // FAILED_PRECONDITION LOG_LOCKED when another process, or another object, holds it.
  static absl::StatusOr<FolderLock> Take(const std::filesystem::path& folder);
  FolderLock(FolderLock&& other) noexcept : file_(other.file_) { other.file_ = -1; }
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_;
};

}  // namespace mutual::transparency
