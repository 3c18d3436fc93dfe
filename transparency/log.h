// The writer of a log: appends batches of entries, has them cosigned, publishes checkpoints.
//
// One batch: stage → read back and recompute the root a second way → high-water mark → tiles →
// read back → cosignatures to quorum → `checkpoint` → drop the stage. The files are described in
// docs/LOG_STORAGE_FORMAT.md. A batch makes 5 files durable within a tile, 8 where it fills one,
// and one more for every 65,536th and 16,777,216th entry, whatever its number of entries.
//
// Promises: no two inconsistent checkpoints are ever signed, whenever the program ends; nothing is
// published below the quorum; a storage that was set back is refused. A failed write or sync is
// fatal: every later call returns the same error, and the program must end.
//
// Not thread-safe; batching by time is the caller's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transparency/checkpoint.h"
#include "transparency/durable_folder.h"
#include "transparency/folder_lock.h"
#include "transparency/log_reader.h"
#include "transparency/policy.h"
#include "transparency/stage.h"

namespace mutual::transparency {

// What witnesses are asked to cosign. The references are valid during the call.
struct CosignRequest {
  std::string checkpoint;     // signed by the log
  uint64_t old_size = 0;      // of the checkpoint published before
  std::vector<Digest> proof;  // consistency from old_size
  // The proof for a witness that stands at another size.
  std::function<absl::StatusOr<std::vector<Digest>>(uint64_t old_size)> prove;
};

struct LogOptions {
  std::filesystem::path folder;        // served as it is: `checkpoint` and `tile/`
  std::filesystem::path state_folder;  // not served: `lock`, `stage`, `mark`
  Policy policy;                       // names this log and its witnesses
  // Signature lines of witnesses; those that are malformed or bad are left out. An error with the
  // code STORAGE_ROLLED_BACK (a witness has seen more than this log has) is fatal, any other
  // leaves the batch pending.
  std::function<absl::StatusOr<std::vector<std::string>>(const CosignRequest&)> cosign;
  // The largest size that any witness has seen, 0 when none answers; asked once, on opening.
  std::function<absl::StatusOr<uint64_t>()> largest_seen;
};

class Log {
 public:
  static constexpr size_t kMaxBatch = 256;  // entries

  // Takes the lock, checks the storage and finishes a batch that a crash interrupted, up to its
  // publication: has_pending() is then true. FAILED_PRECONDITION LOG_LOCKED: another writer;
  // DATA_LOSS STORAGE_ROLLED_BACK: the storage is behind what was signed, published or seen by a
  // witness; DATA_LOSS LOG_CORRUPT: files disagree with the checkpoint; PERMISSION_DENIED or
  // UNAUTHENTICATED: the checkpoint is another log's.
  static absl::StatusOr<std::unique_ptr<Log>> Open(LogOptions options, NoteSigner signer);

  // Appends 1 to kMaxBatch entries of 1 to 65,535 bytes and publishes. The index of the first is
  // the size() before. INVALID_ARGUMENT: the entries are refused and nothing happened. UNAVAILABLE
  // NO_QUORUM: with has_pending() true and a larger size() the entries are kept and have their
  // index, call Publish() until it succeeds and do not append them again; with an unchanged size()
  // an earlier batch is still pending and these entries were not taken. Else fatal.
  absl::StatusOr<uint64_t> Append(std::span<const std::string> entries);

  // Publishes the pending batch; OK when there is none. Errors as of Append.
  absl::Status Publish();

  // Asks the witnesses again for the published checkpoint and publishes it with their newer times.
  // A quorum that does not come leaves the old one; NO_QUORUM then. OK at size 0 and while a batch
  // is pending.
  absl::Status Recosign();

  bool has_pending() const { return published_ != head_; }
  uint64_t size() const { return head_.size; }  // with the pending batch
  const TreeHead& published() const { return published_; }
  const TreeHead& head() const { return head_; }  // with the pending batch
  const std::string& checkpoint() const { return checkpoint_; }  // as published; empty at size 0
  // From the next publication on.
  void UsePolicy(Policy policy) { options_.policy = std::move(policy); }
  // Files made durable since Open; folders are not counted.
  uint64_t files_synced() const { return served_.files_synced() + state_.files_synced(); }

 private:
  static constexpr char kCheckpointFile[] = "checkpoint";
  static constexpr char kMarkFile[] = "mark";
  static constexpr char kStageFile[] = "stage";

  struct Storage {
    FolderLock lock;
    DurableFolder served;
    DurableFolder state;
  };
  Log(LogOptions options, NoteSigner signer, Storage storage);
  absl::Status ReadPublished();
  absl::StatusOr<TreeHead> ReadMark() const;
  absl::StatusOr<std::optional<Stage>> ReadStage() const;
  absl::Status Recover();
  absl::Status CheckMark(const TreeHead& mark, const std::optional<Stage>& stage) const;
  absl::Status CheckWitnesses(const TreeHead& mark) const;

  absl::StatusOr<Stage> MakeStage(std::span<const std::string> entries) const;
  absl::StatusOr<Stage> WriteStage(const Stage& stage);
  absl::Status Commit(const Stage& stage);
  absl::Status CheckRoot(const Stage& stage, LogReader& old_log) const;
  absl::Status MoveMark(const Stage& stage);
  absl::Status WriteTiles(const Stage& stage, LogReader& old_log);
  absl::StatusOr<CosignRequest> MakeRequest(LogReader& log) const;
  absl::StatusOr<std::string> Cosign(const CosignRequest& request) const;
  absl::StatusOr<uint64_t> StageAndCommit(std::span<const std::string> entries);
  absl::Status PublishPending();
  absl::Status RecosignPublished();
  absl::Status Finish(const std::string& checkpoint);
  absl::Status DropStage();
  absl::StatusOr<std::unique_ptr<LogReader>> ReaderAt(const TreeHead& tree) const;
  absl::Status Break(const absl::Status& status);
  const std::string& origin() const { return signer_.verifier().name(); }

  LogOptions options_;
  NoteSigner signer_;
  FolderLock lock_;
  DurableFolder served_;
  DurableFolder state_;
  TreeHead published_;
  TreeHead head_;
  std::string checkpoint_;
  absl::Status broken_;  // OK, or the fatal error
};

}  // namespace mutual::transparency
