#include "base/swapped_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file.h"
#include "base/status.h"

namespace mutual {
namespace {

// The file to write, locked for whoever changes the places. -1 when another program has it.
class Spare {
 public:
  explicit Spare(const std::filesystem::path& path)
      : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)) {
    if (file_ >= 0 && ::flock(file_, LOCK_EX | LOCK_NB) == 0 && IsStillAt(path)) return;
    if (file_ >= 0) ::close(file_);
    file_ = -1;
  }
  ~Spare() {
    if (file_ >= 0) ::close(file_);
  }
  Spare(const Spare&) = delete;
  Spare& operator=(const Spare&) = delete;
  int file() const { return file_; }

 private:
  // It may have changed places between the opening and the lock.
  bool IsStillAt(const std::filesystem::path& path) const {
    struct stat locked {};
    struct stat named {};
    return ::fstat(file_, &locked) == 0 && ::stat(path.c_str(), &named) == 0 &&
           locked.st_ino == named.st_ino && locked.st_dev == named.st_dev;
  }
  int file_;
};

absl::Status Write(int file, std::string_view contents, const std::filesystem::path& path) {
  if (::ftruncate(file, 0) != 0) return SystemError("cannot empty", path);
  while (!contents.empty()) {
    const ssize_t written = ::write(file, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("cannot write", path);
    contents.remove_prefix(static_cast<size_t>(written));
  }
  return ::fsync(file) == 0 ? absl::OkStatus() : SystemError("cannot sync", path);
}

}  // namespace

absl::Status SwapFileDurably(const std::filesystem::path& path, std::string_view contents) {
  const std::filesystem::path before = path.string() + ".before";
  const Spare spare(before);
  if (spare.file() < 0) return WriteFileDurably(path, contents, FileMode::kPublic);
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  // Whoever changed the places last may have died, or failed, before that was durable: on the disk
  // the file that is now spare would still be the one at `path`, and must not be emptied yet.
  MUTUAL_RETURN_IF_ERROR(SyncFile(folder));
  MUTUAL_RETURN_IF_ERROR(Write(spare.file(), contents, before));
  const int swapped =
      ::renameat2(AT_FDCWD, before.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE);
  if (swapped == 0) return SyncFile(folder);
  // The first time there is nothing to change places with, and some file systems cannot.
  return RenameDurably(before, path);
}

}  // namespace mutual
