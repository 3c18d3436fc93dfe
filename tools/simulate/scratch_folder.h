// A folder for what a simulation writes and nobody reads afterwards.
#pragma once

#include <filesystem>

#include "absl/status/statusor.h"

namespace mutual::simulate {

// Below `parent`; when that is empty, in memory (/dev/shm) if a gigabyte is free there, else among
// the system's temporary files. Gone at the object's end, with all that is in it.
class ScratchFolder {
 public:
  static absl::StatusOr<ScratchFolder> Create(const std::filesystem::path& parent);
  ~ScratchFolder();
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit ScratchFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace mutual::simulate
