#include "transparency/durable_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/status.h"

namespace mutual::transparency {
namespace {

absl::Status WriteAll(int file, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("cannot write", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(file) != 0) return SystemError("cannot sync", path);
  return absl::OkStatus();
}

bool Exists(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

}  // namespace

absl::StatusOr<DurableFolder> DurableFolder::Open(const std::filesystem::path& root) {
  DurableFolder folder(std::filesystem::absolute(root).lexically_normal());
  std::filesystem::path missing = folder.root_;
  std::set<std::filesystem::path> changed = {folder.root_, folder.root_.parent_path()};
  while (!Exists(missing) && missing.has_relative_path()) {
    missing = missing.parent_path();
    changed.insert(missing);
  }
  std::error_code error;
  std::filesystem::create_directories(folder.root_, error);
  if (error) {
    errno = error.value();
    return SystemError("cannot make the folder", folder.root_);
  }
  folder.known_.insert(folder.root_);
  folder.changed_ = std::move(changed);
  MUTUAL_RETURN_IF_ERROR(folder.SyncFolders());
  return folder;
}

absl::Status DurableFolder::MakeFolders(const std::filesystem::path& folder) {
  if (known_.contains(folder)) return absl::OkStatus();
  MUTUAL_RETURN_IF_ERROR(MakeFolders(folder.parent_path()));
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
    return SystemError("cannot make the folder", folder);
  }
  // Also where it was there: a crash may have come before its name was synced.
  changed_.insert(folder.parent_path());
  known_.insert(folder);
  return absl::OkStatus();
}

absl::Status DurableFolder::WriteThenSync(const std::filesystem::path& path,
                                          std::string_view bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return SystemError("cannot create", path);
  const absl::Status status = WriteAll(file, bytes, path);
  ::close(file);
  ++files_synced_;
  return status;
}

absl::Status DurableFolder::Add(const std::string& name, std::string_view bytes) {
  const std::filesystem::path path = root_ / name;
  MUTUAL_RETURN_IF_ERROR(MakeFolders(path.parent_path()));
  const absl::StatusOr<std::string> found = ReadFile(path, bytes.size());
  if (absl::IsNotFound(found.status())) return Replace(name, bytes);
  if (!found.ok() && !absl::IsOutOfRange(found.status())) return found.status();
  if (!found.ok() || *found != bytes) {
    return WithCode(DataLoss("%s is there with other bytes than it must have; it is not "
                             "overwritten. Restore the folder from a copy",
                             path.string()),
                    "LOG_CORRUPT");
  }
  changed_.insert(path.parent_path());
  ++files_synced_;
  return SyncFile(path);
}

absl::Status DurableFolder::Replace(const std::string& name, std::string_view bytes) {
  const std::filesystem::path path = root_ / name;
  const std::filesystem::path temporary = path.string() + ".tmp";
  MUTUAL_RETURN_IF_ERROR(WriteThenSync(temporary, bytes));
  if (::rename(temporary.c_str(), path.c_str()) != 0) return SystemError("cannot rename to", path);
  changed_.insert(path.parent_path());
  return absl::OkStatus();
}

absl::Status DurableFolder::Overwrite(const std::string& name, std::string_view bytes) {
  const std::filesystem::path path = root_ / name;
  if (!Exists(path)) changed_.insert(path.parent_path());
  return WriteThenSync(path, bytes);
}

absl::Status DurableFolder::SyncFolders() {
  for (const std::filesystem::path& folder : changed_) {
    MUTUAL_RETURN_IF_ERROR(SyncFile(folder));
  }
  changed_.clear();
  return absl::OkStatus();
}

absl::Status DurableFolder::Empty(const std::string& name) {
  const std::filesystem::path path = root_ / name;
  if (::truncate(path.c_str(), 0) == 0 || errno == ENOENT) return absl::OkStatus();
  return SystemError("cannot empty", path);
}

absl::Status DurableFolder::Remove(const std::string& name) {
  const std::filesystem::path path = root_ / name;
  std::error_code error;
  std::filesystem::remove_all(path, error);
  known_.erase(path);
  changed_.erase(path);
  if (!error) return absl::OkStatus();
  errno = error.value();
  return SystemError("cannot remove", path);
}

}  // namespace mutual::transparency
