#include "coordinator/storage/content_store.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <vector>

#include "base/file.h"
#include "base/status.h"

namespace mutual::coordinator {
namespace {

namespace fs = std::filesystem;
constexpr uint64_t kMaxContent = uint64_t{1} << 32;

absl::Status NoSpace(const fs::path& path) {
  return WithCode(Unavailable("cannot write %s: %s; free some space, the upload will resume",
                              path.string(), std::strerror(errno)),
                  "DISK_FULL");
}

}  // namespace

absl::StatusOr<std::unique_ptr<ContentStore>> ContentStore::Open(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder / "partial", error);
  if (error) return Unavailable("cannot create %s: %s", folder.string(), error.message());
  return std::unique_ptr<ContentStore>(new ContentStore(folder));
}

fs::path ContentStore::PathOf(const Digest& digest) const {
  const std::string hex = digest.ToHex();
  return folder_ / hex.substr(0, 2) / hex.substr(2);
}

fs::path ContentStore::PartialPath(const std::string& name) const {
  return folder_ / "partial" / name;
}

bool ContentStore::Has(const Digest& digest) const { return fs::exists(PathOf(digest)); }

absl::StatusOr<Digest> ContentStore::Put(std::string_view bytes) {
  const Digest digest = crypto::Sha256(bytes);
  if (Has(digest)) return digest;
  MUTUAL_RETURN_IF_ERROR(MakeFolderOf(digest));
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(PathOf(digest), bytes, FileMode::kPublic));
  return digest;
}

absl::StatusOr<std::string> ContentStore::Get(const Digest& digest) const {
  MUTUAL_ASSIGN_OR_RETURN(std::string bytes, ReadFile(PathOf(digest), kMaxContent));
  if (crypto::Sha256(bytes) != digest) {
    return WithCode(
        DataLoss("content %s is damaged on disk; restore it from a backup", digest.Short()),
        "CONTENT_CORRUPT");
  }
  return bytes;
}

void ContentStore::Remove(const Digest& digest) {
  std::error_code ignored;
  fs::remove(PathOf(digest), ignored);
}

// A folder just made must be as durable as the file that goes into it.
absl::Status ContentStore::MakeFolderOf(const Digest& digest) {
  std::error_code error;
  const bool made = fs::create_directories(PathOf(digest).parent_path(), error);
  return made ? SyncFile(folder_) : absl::OkStatus();
}

uint64_t ContentStore::PartialSize(const std::string& name) const {
  std::error_code error;
  const auto size = fs::file_size(PartialPath(name), error);
  return error ? 0 : size;
}

absl::StatusOr<std::unique_ptr<ContentStore::Upload>> ContentStore::Resume(const std::string& name,
                                                                           uint64_t keep) {
  std::unique_ptr<Upload> upload(new Upload());
  upload->store_ = this;
  upload->path_ = PartialPath(name);
  MUTUAL_RETURN_IF_ERROR(upload->Open(keep));
  return upload;
}

ContentStore::Upload::~Upload() {
  if (file_ >= 0) ::close(file_);
}

// Opens the file and hashes what is there already, at most `keep` bytes; the rest is cut off.
absl::Status ContentStore::Upload::Open(uint64_t keep) {
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0) return NoSpace(path_);
  std::vector<char> buffer;
  while (size_ < keep) {
    buffer.resize(1 << 18);
    const ssize_t count =
        ::read(file_, buffer.data(), std::min<uint64_t>(buffer.size(), keep - size_));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Unavailable("cannot read %s", path_.string());
    if (count == 0) break;
    hash_.Update(std::string_view(buffer.data(), static_cast<size_t>(count)));
    size_ += static_cast<uint64_t>(count);
  }
  if (::ftruncate(file_, static_cast<off_t>(size_)) != 0) {
    return Unavailable("cannot shorten %s", path_.string());
  }
  return absl::OkStatus();
}

absl::Status ContentStore::Upload::Append(std::string_view bytes) {
  return Append(std::span(&bytes, 1));
}

absl::Status ContentStore::Upload::Append(std::span<const std::string_view> pieces) {
  std::vector<iovec> left;
  for (const std::string_view piece : pieces) {
    left.push_back({const_cast<char*>(piece.data()), piece.size()});
  }
  for (size_t first = 0; first < left.size();) {
    const ssize_t count = ::writev(
        file_, &left[first], static_cast<int>(std::min<size_t>(left.size() - first, IOV_MAX)));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return NoSpace(path_);
    for (auto written = static_cast<size_t>(count); first < left.size(); ++first) {
      const size_t here = std::min(written, left[first].iov_len);
      left[first].iov_base = static_cast<char*>(left[first].iov_base) + here;
      left[first].iov_len -= here;
      written -= here;
      if (left[first].iov_len > 0) break;
    }
  }
  for (const std::string_view piece : pieces) {
    hash_.Update(piece);
    size_ += piece.size();
  }
  SendOnItsWay();
  return absl::OkStatus();
}

// The disk begins to write while more is received; the sync at the end then has little to wait for.
// Nothing depends on it: what failed here fails there.
void ContentStore::Upload::SendOnItsWay() {
  constexpr uint64_t kPart = 1 << 20;
  if (size_ < on_its_way_ + kPart) return;
  ::sync_file_range(file_, static_cast<off64_t>(on_its_way_),
                    static_cast<off64_t>(size_ - on_its_way_), SYNC_FILE_RANGE_WRITE);
  on_its_way_ = size_;
}

absl::Status ContentStore::Upload::Finish(const Digest& expected) {
  if (hash_.Finish() != expected) {
    std::error_code ignored;
    fs::remove(path_, ignored);
    return WithCode(DataLoss("the bytes received do not have the signed digest; send them again"),
                    "CONTRIBUTION_CORRUPT");
  }
  return MoveTo(expected);
}

absl::StatusOr<Digest> ContentStore::Upload::Keep() {
  const Digest digest = hash_.Finish();
  MUTUAL_RETURN_IF_ERROR(MoveTo(digest));
  return digest;
}

absl::Status ContentStore::Upload::MoveTo(const Digest& digest) {
  if (::fsync(file_) != 0) return NoSpace(path_);
  MUTUAL_RETURN_IF_ERROR(store_->MakeFolderOf(digest));
  return RenameDurably(path_, store_->PathOf(digest));
}

}  // namespace mutual::coordinator
