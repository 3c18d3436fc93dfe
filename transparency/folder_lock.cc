#include "transparency/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/status.h"

namespace mutual::transparency {

absl::StatusOr<FolderLock> FolderLock::Take(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "lock";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return SystemError("cannot open", path);
  FolderLock lock(file);
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return SystemError("cannot lock", path);
  return WithCode(FailedPrecondition("another program writes this log (it holds %s); stop that one "
                                     "first, a log has one writer",
                                     path.string()),
                  "LOG_LOCKED");
}

FolderLock::~FolderLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace mutual::transparency
