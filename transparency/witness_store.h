// Where a witness keeps the last checkpoint it cosigned of each log.
#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace mutual::transparency {

// A record per origin, changed only by compare-and-swap. Safe from any thread.
class WitnessStore {
 public:
  virtual ~WitnessStore() = default;
  // The record of `origin`, empty when it never had one. DATA_LOSS when it had one that is gone.
  virtual absl::StatusOr<std::string> Load(const std::string& origin) = 0;
  // In one step: true and the record is `desired`, durably, when it was `expected`; false and
  // unchanged otherwise. After an error either record may be there. `desired` is not empty.
  virtual absl::StatusOr<bool> CompareAndSwap(const std::string& origin,
                                              const std::string& expected,
                                              const std::string& desired) = 0;
};

// One file per origin, named by the SHA-256 of the origin, and a list of the origins known, so that
// a lost file is noticed. Written temp → fsync → rename → fsync directory before a swap is
// answered. Several processes may share a folder: a lock file orders them.
class FileWitnessStore final : public WitnessStore {
 public:
  // Begins a new witness in `folder`, made when missing. ALREADY_EXISTS when one is there: a
  // witness that starts again from nothing could be shown a fork.
  static absl::StatusOr<std::unique_ptr<FileWitnessStore>> Create(
      const std::filesystem::path& folder);
  // NOT_FOUND when Create never ran there; a witness whose folder is lost must get a new key.
  static absl::StatusOr<std::unique_ptr<FileWitnessStore>> Open(
      const std::filesystem::path& folder);
  ~FileWitnessStore() override;

  absl::StatusOr<std::string> Load(const std::string& origin) override;
  absl::StatusOr<bool> CompareAndSwap(const std::string& origin, const std::string& expected,
                                      const std::string& desired) override;

 private:
  FileWitnessStore(std::filesystem::path folder, int lock_file)
      : folder_(std::move(folder)), lock_file_(lock_file) {}
  absl::StatusOr<std::string> LoadLocked(const std::string& origin)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::set<std::string>> ReadKnown() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status AddKnown(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::filesystem::path folder_;
  const int lock_file_;
  absl::Mutex mutex_;  // flock does not order threads that share the descriptor
};

}  // namespace mutual::transparency
