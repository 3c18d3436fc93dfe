// What a log that is opened must show before it goes on: that its storage was not set back.
//
// Who restores an old copy of all folders restores one that agrees with itself. Only others know of
// what came later: outside witnesses, asked before anything is served; nodes and researchers, who
// tell what they have seen after connecting; and the quorum of witnesses, who cosign again what was
// published last before anything new is appended. Any two quorums share an honest witness, so if
// more was ever published, one of those asked knows.
#include "base/status.h"
#include "coordinator/log/public_log.h"
#include "transparency/checkpoint.h"
#include "transparency/log_reader.h"

namespace mutual::coordinator {
namespace {

using transparency::TreeHead;

absl::Status RolledBack(const TreeHead& elsewhere, const TreeHead& here) {
  const std::string found =
      elsewhere.size > here.size
          ? "others have seen size " + std::to_string(elsewhere.size) +
                " of this log, the newest " + "here is " + std::to_string(here.size)
          : "others have seen another tree of size " + std::to_string(elsewhere.size);
  return WithCode(DataLoss("the storage was set back: %s. Restore the newest copy, or begin a new "
                           "log",
                           found),
                  "STORAGE_ROLLED_BACK");
}

}  // namespace

bool PublicLog::IsStopping() {
  const absl::MutexLock lock(&mutex_);
  return stopping_;
}

// By the worker, or before there is one: no batch is under way.
absl::Status PublicLog::CheckAgainst(const TreeHead& elsewhere) {
  const TreeHead here = log_->published();
  // Witnesses know a batch that waits for their quorum: it is here, though not published ⚔.
  if (elsewhere == here || elsewhere == log_->head()) return absl::OkStatus();
  if (elsewhere.size >= here.size) return RolledBack(elsewhere, here);
  MUTUAL_ASSIGN_OR_RETURN(
      const auto reader,
      transparency::LogReader::Open(transparency::FetchFromFolder(served_folder()), here));
  MUTUAL_ASSIGN_OR_RETURN(const TreeHead then, reader->HeadAt(elsewhere.size));
  return then == elsewhere ? absl::OkStatus() : RolledBack(elsewhere, here);
}

absl::Status PublicLog::CheckKeptElsewhere(const KeptElsewhere& kept_elsewhere) {
  if (!kept_elsewhere) return absl::OkStatus();
  for (const std::string& checkpoint : kept_elsewhere(policy())) {
    Heed(checkpoint);
    MUTUAL_RETURN_IF_ERROR(CheckHeeded());
  }
  return absl::OkStatus();
}

void PublicLog::Heed(const std::string& checkpoint) {
  if (checkpoint.empty()) return;
  const auto opened = transparency::OpenCheckpoint(checkpoint, signer_->verifier());
  if (!opened.ok()) return;
  const TreeHead elsewhere{opened->checkpoint.size, opened->checkpoint.root};
  const absl::MutexLock lock(&mutex_);
  if (elsewhere == head_ || (heeded_ && heeded_->size >= elsewhere.size)) return;
  heeded_ = elsewhere;
}

absl::Status PublicLog::CheckHeeded() {
  std::optional<TreeHead> heeded;
  {
    const absl::MutexLock lock(&mutex_);
    heeded.swap(heeded_);
  }
  return heeded ? CheckAgainst(*heeded) : absl::OkStatus();
}

// Until the witnesses have agreed to what is here: then it is published and read.
absl::Status PublicLog::Settle() {
  while (!IsStopping()) {
    const bool has_pending = log_->has_pending();
    absl::Status status;
    if (has_pending) {
      status = log_->Publish();  // what a crash left
    } else if (has_quorum_rule()) {
      status = log_->Recosign();
    }
    MUTUAL_RETURN_IF_ERROR(CheckHeeded());
    if (status.ok()) return ReadAll();
    if (ErrorCode(status) != "NO_QUORUM") return status;
  }
  return absl::OkStatus();
}

}  // namespace mutual::coordinator
