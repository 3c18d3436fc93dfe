#include "coordinator/storage/content_store.h"

#include <algorithm>
#include <cerrno>
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
  std::error_code error;
  fs::create_directories(PathOf(digest).parent_path(), error);
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(PathOf(digest), bytes, FileMode::kPublic));
  return digest;
}

absl::StatusOr<std::string> ContentStore::Get(const Digest& digest) const {
  MUTUAL_ASSIGN_OR_RETURN(std::string bytes, ReadFile(PathOf(digest), kMaxContent));
  if (crypto::Sha256(bytes) != digest) {
    return WithCode(DataLoss("content %s is damaged on disk; restore it from a backup",
                             digest.Short()),
                    "CONTENT_CORRUPT");
  }
  return bytes;
}

uint64_t ContentStore::PartialSize(const std::string& name) const {
  std::error_code error;
  const auto size = fs::file_size(PartialPath(name), error);
  return error ? 0 : size;
}

absl::StatusOr<std::unique_ptr<ContentStore::Upload>> ContentStore::Resume(const std::string& name,
                                                                           uint64_t keep) {
  auto upload = std::make_unique<Upload>();
  upload->store_ = this;
  upload->path_ = PartialPath(name);
  if (PartialSize(name) > keep) {
    std::error_code error;
    fs::resize_file(upload->path_, keep, error);
    if (error) return Unavailable("cannot shorten %s", upload->path_.string());
  }
  std::ifstream before(upload->path_, std::ios::binary);
  std::vector<char> buffer(1 << 18);
  while (before) {
    before.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto count = static_cast<size_t>(before.gcount());
    upload->hash_.Update(std::string_view(buffer.data(), count));
    upload->size_ += count;
  }
  upload->file_.open(upload->path_, std::ios::binary | std::ios::app);
  if (!upload->file_) return NoSpace(upload->path_);
  return upload;
}

absl::Status ContentStore::Upload::Append(std::string_view bytes) {
  file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file_) return NoSpace(path_);
  hash_.Update(bytes);
  size_ += bytes.size();
  return absl::OkStatus();
}

absl::Status ContentStore::Upload::Finish(const Digest& expected) {
  file_.close();
  if (!file_) return NoSpace(path_);
  if (hash_.Finish() != expected) {
    std::error_code ignored;
    fs::remove(path_, ignored);
    return WithCode(DataLoss("the bytes received do not have the signed digest; send them again"),
                    "CONTRIBUTION_CORRUPT");
  }
  MUTUAL_RETURN_IF_ERROR(SyncFile(path_));
  std::error_code error;
  fs::create_directories(store_->PathOf(expected).parent_path(), error);
  return RenameDurably(path_, store_->PathOf(expected));
}

}  // namespace mutual::coordinator
