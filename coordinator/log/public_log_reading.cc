// What of the published log can be read back.
#include "base/status.h"
#include "coordinator/log/public_log.h"
#include "transparency/log_reader.h"
#include "transparency/proof.h"

namespace mutual::coordinator {

// Calls `read` with a reader of the newest published tree; again when partial tiles were superseded
// and deleted under it. The reader stays while the tree does: many ask for receipts of one batch.
absl::Status PublicLog::Read(const ReadCall& read) {
  const absl::MutexLock one_at_a_time(&reader_mutex_);
  absl::Status status;
  for (int attempt = 0; attempt < 20; ++attempt) {
    Published published;
    {
      const absl::MutexLock lock(&mutex_);
      published = {head_, checkpoint_};
    }
    if (reader_ == nullptr || reader_->tree() != published.head) {
      reader_.reset();
      auto opened = transparency::LogReader::Open(transparency::FetchFromFolder(served_folder()),
                                                  published.head);
      status = opened.status();
      if (opened.ok()) reader_ = *std::move(opened);
    }
    if (reader_ != nullptr) status = read(*reader_, published);
    if (status.ok()) return status;
    reader_.reset();
    if (!absl::IsNotFound(status)) return status;
  }
  return status;
}

std::optional<LoggedEntry> PublicLog::Find(const std::string& key) {
  LoggedEntry found;
  {
    const absl::MutexLock lock(&mutex_);
    const auto at = published_.find(key);
    if (at == published_.end()) return std::nullopt;
    found.index = at->second;
  }
  const absl::Status status =
      Read([&](transparency::LogReader& reader, const Published&) -> absl::Status {
        MUTUAL_ASSIGN_OR_RETURN(found.bytes, reader.Entry(found.index));
        return absl::OkStatus();
      });
  if (!status.ok()) {
    options_.say("the log cannot be read: " + Describe(status));
    return std::nullopt;
  }
  return found;
}

absl::StatusOr<std::vector<LoggedEntry>> PublicLog::MaskEntries(
    const Digest& study, const std::function<bool(uint64_t index)>& wanted) {
  std::vector<LoggedEntry> found;
  {
    const absl::MutexLock lock(&mutex_);
    for (const uint64_t index : mask_entries_[transparency::PrintStudy(study)]) {
      if (wanted(index)) found.push_back({index, "", ""});
    }
  }
  if (found.empty()) return found;
  MUTUAL_RETURN_IF_ERROR(
      Read([&](transparency::LogReader& reader, const Published&) -> absl::Status {
        for (LoggedEntry& one : found) {
          MUTUAL_ASSIGN_OR_RETURN(one.bytes, reader.Entry(one.index));
        }
        return absl::OkStatus();
      }));
  return found;
}

absl::StatusOr<std::string> PublicLog::Receipt(uint64_t index) {
  std::string receipt;
  MUTUAL_RETURN_IF_ERROR(
      Read([&](transparency::LogReader& reader, const Published& published) -> absl::Status {
        MUTUAL_ASSIGN_OR_RETURN(const transparency::Proof proof,
                                transparency::MakeReceipt(reader, index, published.checkpoint));
        receipt = PrintProof(proof);
        return absl::OkStatus();
      }));
  return receipt;
}

absl::StatusOr<std::string> PublicLog::PolicyReceipt() {
  PolicyShown shown;
  {
    const absl::MutexLock lock(&mutex_);
    if (policy_index_ == 0) return NotFound("nobody is a witness yet");
    shown = {policy_index_, checkpoint_, ""};
    const bool is_same =
        policy_shown_.index == shown.index && policy_shown_.checkpoint == shown.checkpoint;
    if (is_same) return policy_shown_.receipt;
  }
  MUTUAL_ASSIGN_OR_RETURN(shown.receipt, Receipt(shown.index));
  const absl::MutexLock lock(&mutex_);
  policy_shown_ = shown;
  return shown.receipt;
}

}  // namespace mutual::coordinator
