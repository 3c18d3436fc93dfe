// Opening a log: what a crash, or somebody who set the storage back, may have left.
#include <utility>

#include "base/file.h"
#include "base/status.h"
#include "transparency/log.h"
#include "transparency/tile_files.h"

namespace mutual::transparency {
namespace {

absl::Status RolledBack(const std::string& found) {
  return WithCode(DataLoss("storage was rolled back: %s. Restore the newest copy of both folders; "
                           "if there is none, start a new log with a new name and key",
                           found),
                  "STORAGE_ROLLED_BACK");
}

// Empty when the file is absent.
absl::StatusOr<std::string> ReadOrEmpty(const std::filesystem::path& path, uint64_t max_bytes) {
  absl::StatusOr<std::string> bytes = ReadFile(path, max_bytes);
  if (absl::IsNotFound(bytes.status())) return std::string();
  return bytes;
}

absl::Status CheckPolicy(const Policy& policy, const NoteVerifier& verifier) {
  for (const PolicyLog& log : policy.logs()) {
    if (log.key == verifier) return absl::OkStatus();
  }
  return InvalidArgument("the policy does not name this log's key %s; add it as a log line",
                         verifier.ToVkey());
}

}  // namespace

Log::Log(LogOptions options, NoteSigner signer, Storage storage)
    : options_(std::move(options)),
      signer_(std::move(signer)),
      lock_(std::move(storage.lock)),
      served_(std::move(storage.served)),
      state_(std::move(storage.state)),
      published_{0, EmptyRoot()},
      head_(published_) {}

absl::StatusOr<std::unique_ptr<Log>> Log::Open(LogOptions options, NoteSigner signer) {
  MUTUAL_RETURN_IF_ERROR(CheckPolicy(options.policy, signer.verifier()));
  MUTUAL_ASSIGN_OR_RETURN(DurableFolder state, DurableFolder::Open(options.state_folder));
  MUTUAL_ASSIGN_OR_RETURN(FolderLock lock, FolderLock::Take(state.root()));
  MUTUAL_ASSIGN_OR_RETURN(DurableFolder served, DurableFolder::Open(options.folder));
  std::unique_ptr<Log> log(new Log(std::move(options), std::move(signer),
                                   {std::move(lock), std::move(served), std::move(state)}));
  MUTUAL_RETURN_IF_ERROR(log->ReadPublished());
  MUTUAL_RETURN_IF_ERROR(log->Recover());
  return log;
}

absl::Status Log::ReadPublished() {
  MUTUAL_ASSIGN_OR_RETURN(checkpoint_,
                          ReadOrEmpty(served_.root() / kCheckpointFile, kMaxNoteBytes));
  if (checkpoint_.empty()) return absl::OkStatus();
  MUTUAL_ASSIGN_OR_RETURN(const SignedCheckpoint found,
                          OpenCheckpoint(checkpoint_, signer_.verifier()));
  published_ = {found.checkpoint.size, found.checkpoint.root};
  head_ = published_;
  return absl::OkStatus();
}

absl::StatusOr<TreeHead> Log::ReadMark() const {
  MUTUAL_ASSIGN_OR_RETURN(const std::string text,
                          ReadOrEmpty(state_.root() / kMarkFile, kMaxNoteBytes));
  if (text.empty()) return TreeHead{0, EmptyRoot()};
  MUTUAL_ASSIGN_OR_RETURN(const Checkpoint mark, ParseCheckpoint(text));
  if (mark.origin == origin()) return TreeHead{mark.size, mark.root};
  return PermissionDenied("the mark is that of the log %s, want %s; give each log its own folders",
                          mark.origin, origin());
}

absl::StatusOr<std::optional<Stage>> Log::ReadStage() const {
  MUTUAL_ASSIGN_OR_RETURN(const std::string bytes,
                          ReadOrEmpty(state_.root() / kStageFile, kMaxStageSize));
  absl::StatusOr<Stage> stage = ParseStage(bytes);
  // Cut short by a crash, or dropped: nothing of it was signed.
  if (ErrorCode(stage.status()) == "STAGE_INCOMPLETE") return std::optional<Stage>();
  if (!stage.ok()) return stage.status();
  if (stage->origin == origin()) return std::optional<Stage>(*std::move(stage));
  return PermissionDenied("the stage is that of the log %s, want %s; give each log its own folders",
                          stage->origin, origin());
}

absl::Status Log::CheckWitnesses(const TreeHead& mark) const {
  if (!options_.largest_seen) return absl::OkStatus();
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t seen, options_.largest_seen());
  if (seen <= mark.size) return absl::OkStatus();
  return RolledBack(
      absl::StrFormat("a witness has seen size %d, the newest here is %d", seen, mark.size));
}

absl::Status Log::CheckMark(const TreeHead& mark, const std::optional<Stage>& stage) const {
  if (published_.size > mark.size) {
    return RolledBack(
        absl::StrFormat("size %d is published, the mark is at %d", published_.size, mark.size));
  }
  if (published_ == mark) return absl::OkStatus();
  if (published_.size == mark.size) {
    return RolledBack(absl::StrFormat("two roots of size %d, published and marked", mark.size));
  }
  // A batch was signed and not published: only its own stage can bring the log there.
  if (stage.has_value() && stage->new_tree == mark && stage->old_tree == published_) {
    return absl::OkStatus();
  }
  return RolledBack(
      absl::StrFormat("the mark is at size %d, only %d is published, and the batch "
                      "between is not staged",
                      mark.size, published_.size));
}

absl::Status Log::Recover() {
  MUTUAL_ASSIGN_OR_RETURN(const TreeHead mark, ReadMark());
  MUTUAL_ASSIGN_OR_RETURN(const std::optional<Stage> stage, ReadStage());
  MUTUAL_RETURN_IF_ERROR(CheckMark(mark, stage));
  MUTUAL_RETURN_IF_ERROR(CheckWitnesses(mark));
  if (stage.has_value() && stage->new_tree.size > published_.size) {
    if (stage->old_tree != published_) {
      return RolledBack(absl::StrFormat("a batch is staged after size %d, published is %d",
                                        stage->old_tree.size, published_.size));
    }
    return Commit(*stage);
  }
  MUTUAL_RETURN_IF_ERROR(ReaderAt(published_).status());
  return DropStage();
}

// Only what a published checkpoint has made superfluous.
absl::Status Log::DropStage() {
  MUTUAL_RETURN_IF_ERROR(state_.Empty(kStageFile));
  for (const std::string& folder : SupersededFolders(published_.size)) {
    MUTUAL_RETURN_IF_ERROR(served_.Remove(folder));
  }
  return absl::OkStatus();
}

}  // namespace mutual::transparency
