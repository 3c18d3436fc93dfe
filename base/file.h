// Durable files: temp → fsync → rename → fsync directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mutual {

// What errno says about `path`, after the words `what`: NOT_FOUND, PERMISSION_DENIED, or
// UNAVAILABLE, which carries DISK_FULL when there is no space left.
absl::Status SystemError(const std::string& what, const std::filesystem::path& path);

// Whole contents of `path`. NOT_FOUND when absent; OUT_OF_RANGE above `max_bytes`.
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path, uint64_t max_bytes);

enum class FileMode { kPublic, kSecret };  // 0644, 0600

// Replaces `path` by `contents` so that after a crash either the old or the new
// bytes are there, whole. Durable on return.
absl::Status WriteFileDurably(const std::filesystem::path& path, std::string_view contents,
                              FileMode mode);

// Renames `from` to `to` in the same file system and syncs the directory of `to`.
absl::Status RenameDurably(const std::filesystem::path& from, const std::filesystem::path& to);

// fsync of an open file's bytes by path.
absl::Status SyncFile(const std::filesystem::path& path);

}  // namespace mutual
