#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/status.h"

namespace mutual {
namespace {

absl::Status WriteAll(int file, std::string_view contents, const std::filesystem::path& path) {
  while (!contents.empty()) {
    const ssize_t written = ::write(file, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("cannot write", path);
    contents.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(file) != 0) return SystemError("cannot sync", path);
  return absl::OkStatus();
}

absl::Status SyncPath(const std::filesystem::path& path, int flags) {
  const int file = ::open(path.c_str(), flags | O_CLOEXEC);
  if (file < 0) return SystemError("cannot open", path);
  const int result = ::fsync(file);
  const absl::Status status =
      result == 0 ? absl::OkStatus() : SystemError("cannot sync", path);
  ::close(file);
  return status;
}

std::filesystem::path FolderOf(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

absl::Status SystemError(const std::string& what, const std::filesystem::path& path) {
  const int error = errno;
  const std::string text =
      absl::StrFormat("%s %s: %s", what, path.string(), std::strerror(error));
  if (error == ENOENT) return absl::NotFoundError(text);
  if (error == EACCES) return absl::PermissionDeniedError(text);
  if (error == ENOSPC || error == EDQUOT) {
    return WithCode(absl::UnavailableError(text + "; free some space and start again"),
                    "DISK_FULL");
  }
  return absl::UnavailableError(text);
}

absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path, uint64_t max_bytes) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return SystemError("cannot open", path);
  std::string contents;
  absl::Status status;
  char buffer[1 << 16];
  while (true) {
    const ssize_t count = ::read(file, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) status = SystemError("cannot read", path);
    if (count <= 0) break;
    contents.append(buffer, static_cast<size_t>(count));
    if (contents.size() > max_bytes) {
      status = OutOfRange("%s is larger than %d bytes, the most accepted here", path.string(),
                          max_bytes);
      break;
    }
  }
  ::close(file);
  if (!status.ok()) return status;
  return contents;
}

absl::Status WriteFileDurably(const std::filesystem::path& path, std::string_view contents,
                              FileMode mode) {
  // A name of its own per call, created 0600: two writers of one path never share a temporary, and
  // one left by a crash cannot lend its mode to a secret.
  std::string temporary = path.string() + ".XXXXXX.tmp";
  const int file = ::mkostemps(temporary.data(), 4, O_CLOEXEC);
  if (file < 0) return SystemError("cannot create", path);
  absl::Status status = absl::OkStatus();
  if (mode == FileMode::kPublic && ::fchmod(file, 0644) != 0) {
    status = SystemError("cannot set the mode of", temporary);
  }
  if (status.ok()) status = WriteAll(file, contents, temporary);
  ::close(file);
  if (status.ok()) status = RenameDurably(temporary, path);
  if (!status.ok()) ::unlink(temporary.c_str());
  return status;
}

absl::Status RenameDurably(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return SystemError("cannot rename to", to);
  return SyncPath(FolderOf(to), O_RDONLY | O_DIRECTORY);
}

absl::Status SyncFile(const std::filesystem::path& path) { return SyncPath(path, O_RDONLY); }

}  // namespace mutual
