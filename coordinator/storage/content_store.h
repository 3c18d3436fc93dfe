// Files by SHA-256: models, results, contributions. Written temp → fsync → rename.
//
// Layout: DIR/ab/cdef… for content, DIR/partial/NAME for uploads in progress. Thread-safe as long
// as one upload name is used by one thread at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/ids.h"
#include "crypto/digest.h"

namespace mutual::coordinator {

class ContentStore {
 public:
  static absl::StatusOr<std::unique_ptr<ContentStore>> Open(const std::filesystem::path& folder);
  absl::StatusOr<Digest> Put(std::string_view bytes);
  // NOT_FOUND; DATA_LOSS CONTENT_CORRUPT when the file no longer has its digest.
  absl::StatusOr<std::string> Get(const Digest& digest) const;
  bool Has(const Digest& digest) const;
  std::filesystem::path PathOf(const Digest& digest) const;

  // Forgets content that nothing names any more. Absent content is fine.
  void Remove(const Digest& digest);

  // A resumable upload: what an interrupted one left behind counts. Holds one open file and no
  // bytes.
  class Upload {
   public:
    ~Upload();
    uint64_t size() const { return size_; }
    absl::Status Append(std::string_view bytes);
    absl::Status Append(std::span<const std::string_view> pieces);
    // Durable, and under its digest, on return. DATA_LOSS CONTRIBUTION_CORRUPT (and the partial
    // file removed) when the bytes have another digest.
    absl::Status Finish(const Digest& expected);
    // The same for bytes made here: whatever digest they have.
    absl::StatusOr<Digest> Keep();

   private:
    friend class ContentStore;
    Upload() = default;
    absl::Status Open(uint64_t keep);
    absl::Status MoveTo(const Digest& digest);
    void SendOnItsWay();
    ContentStore* store_ = nullptr;
    std::filesystem::path path_;
    int file_ = -1;
    crypto::Sha256Stream hash_;
    uint64_t size_ = 0;
    uint64_t on_its_way_ = 0;  // to the disk
  };
  // Continues the upload `name` ([a-z0-9-]+) or begins it; bytes beyond `keep` are dropped.
  absl::StatusOr<std::unique_ptr<Upload>> Resume(const std::string& name, uint64_t keep);
  uint64_t PartialSize(const std::string& name) const;

 private:
  explicit ContentStore(std::filesystem::path folder) : folder_(std::move(folder)) {}
  absl::Status MakeFolderOf(const Digest& digest);
  std::filesystem::path PartialPath(const std::string& name) const;
  std::filesystem::path folder_;
};

}  // namespace mutual::coordinator
