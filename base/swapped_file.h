// A public file that is replaced often.
#pragma once

#include <filesystem>
#include <string_view>

#include "absl/status/status.h"

namespace mutual {

// Replaces `path` by `contents` like WriteFileDurably with mode 0644, with the same promise after a
// crash and to others who write it at the same time. The file and the one before it, PATH.before,
// change places, so that no file is made or deleted: that is what costs most where many small
// states are kept. Nothing reads PATH.before. Not for secrets, which must be gone when they are
// replaced.
absl::Status SwapFileDurably(const std::filesystem::path& path, std::string_view contents);

}  // namespace mutual
