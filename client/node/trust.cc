#include "client/node/trust.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "base/file.h"
#include "base/status.h"
#include "base/swapped_file.h"
#include "client/node/evidence.h"
#include "client/node/trust.h"
#include "transparency/proof.h"

namespace mutual::client {
namespace {

namespace fs = std::filesystem;
constexpr uint64_t kSmall = 1 << 20;

}  // namespace

absl::StatusOr<std::unique_ptr<Trust>> Trust::Open(const fs::path& folder,
                                                   const std::string& origin,
                                                   const crypto::VerifyKey& log_key) {
  std::error_code error;
  fs::create_directories(folder / "trust", error);
  if (error)
    return Unavailable("cannot create %s: %s", (folder / "trust").string(), error.message());
  MUTUAL_ASSIGN_OR_RETURN(
      const transparency::NoteVerifier log,
      transparency::NoteVerifier::Create(origin, transparency::KeyType::kNote, log_key));
  const std::string pinned = "log " + log.ToVkey() + "\n";
  const absl::StatusOr<std::string> kept = ReadFile(folder / "trust" / "policy", kSmall);
  if (!kept.ok() && !absl::IsNotFound(kept.status())) return kept.status();
  MUTUAL_ASSIGN_OR_RETURN(
      transparency::Policy policy,
      transparency::Policy::Parse(kept.ok() ? *kept : pinned + "quorum none\n"));
  std::unique_ptr<Trust> trust(new Trust(folder, std::move(policy)));
  const absl::StatusOr<std::string> seen = ReadFile(folder / "trust" / "seen", kSmall);
  if (!seen.ok())
    return absl::IsNotFound(seen.status()) ? std::move(trust)
                                           : absl::StatusOr<std::unique_ptr<Trust>>(seen.status());
  const absl::MutexLock lock(&trust->mutex_);
  MUTUAL_ASSIGN_OR_RETURN(const auto opened, transparency::OpenCheckpoint(*seen, log));
  trust->seen_ = {opened.checkpoint.size, opened.checkpoint.root};
  trust->seen_bytes_ = *seen;
  return trust;
}

absl::Status Trust::Forked(const std::string& first, const std::string& second) {
  const fs::path folder = folder_ / "evidence";
  MUTUAL_RETURN_IF_ERROR(KeepEvidence(folder, first, second));
  return WithCode(
      DataLoss("the federation's log has told two stories. This node takes part in nothing "
               "more; show %s to the other organisations",
               folder.string()),
      "LOG_FORKED");
}

absl::Status Trust::CheckUnforked() const {
  std::error_code ignored;
  const fs::path folder = folder_ / "evidence";
  if (!fs::exists(folder, ignored) || fs::is_empty(folder, ignored)) return absl::OkStatus();
  return WithCode(
      DataLoss("this node has stopped: the federation's log has told two stories. The evidence is "
               "in %s; show it to the other organisations, and move it away when the matter is "
               "settled",
               folder.string()),
      "LOG_FORKED");
}

absl::Status Trust::SeeLocked(const transparency::Checkpoint& checkpoint,
                              const std::string& bytes) {
  if (checkpoint.size == seen_.size && checkpoint.root != seen_.root) {
    return Forked(seen_bytes_, bytes);
  }
  if (checkpoint.size <= seen_.size) return absl::OkStatus();
  MUTUAL_RETURN_IF_ERROR(SwapFileDurably(folder_ / "trust" / "seen", bytes));
  seen_ = {checkpoint.size, checkpoint.root};
  seen_bytes_ = bytes;
  return absl::OkStatus();
}

absl::Status Trust::See(const std::string& checkpoint) {
  const absl::MutexLock lock(&mutex_);
  MUTUAL_ASSIGN_OR_RETURN(const auto opened,
                          transparency::OpenCheckpoint(checkpoint, policy_.logs()[0].key));
  return SeeLocked(opened.checkpoint, checkpoint);
}

absl::Status Trust::SeeGrown(const std::string& checkpoint, const HeadAt& head_at) {
  transparency::TreeHead shown, before;
  std::string before_bytes;
  {
    const absl::MutexLock lock(&mutex_);
    MUTUAL_ASSIGN_OR_RETURN(const auto opened,
                            transparency::OpenCheckpoint(checkpoint, policy_.logs()[0].key));
    shown = {opened.checkpoint.size, opened.checkpoint.root};
    before = seen_;
    before_bytes = seen_bytes_;
  }
  if (!before_bytes.empty() && before.size < shown.size) {
    MUTUAL_ASSIGN_OR_RETURN(const transparency::TreeHead then, head_at(shown, before.size));
    if (!(then == before)) return Forked(before_bytes, checkpoint);
  }
  return See(checkpoint);
}

// Errors are not kept: a checkpoint that lacks a quorum now may come again with more signatures.
absl::StatusOr<transparency::Evaluation> Trust::RequireQuorumLocked(const std::string& checkpoint) {
  constexpr size_t kJudged = 4;
  for (const Judged& one : judged_) {
    if (one.checkpoint == checkpoint) return one.evaluation;
  }
  MUTUAL_ASSIGN_OR_RETURN(transparency::Evaluation evaluation, policy_.RequireQuorum(checkpoint));
  if (judged_.size() == kJudged) judged_.pop_front();
  judged_.push_back({checkpoint, evaluation});
  return evaluation;
}

absl::StatusOr<transparency::TreeHead> Trust::VerifyCheckpoint(const std::string& checkpoint) {
  const absl::MutexLock lock(&mutex_);
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Evaluation evaluation,
                          RequireQuorumLocked(checkpoint));
  const transparency::Checkpoint& found = evaluation.signed_checkpoint.checkpoint;
  MUTUAL_RETURN_IF_ERROR(SeeLocked(found, checkpoint));
  return transparency::TreeHead{found.size, found.root};
}

absl::StatusOr<Trust::Cosigned> Trust::Cosigners(const std::string& checkpoint) {
  const absl::MutexLock lock(&mutex_);
  MUTUAL_ASSIGN_OR_RETURN(transparency::Evaluation evaluation, RequireQuorumLocked(checkpoint));
  MUTUAL_RETURN_IF_ERROR(SeeLocked(evaluation.signed_checkpoint.checkpoint, checkpoint));
  return Cosigned{std::move(evaluation), policy_, policy_.LeastOverlap()};
}

absl::StatusOr<VerifiedEntry> Trust::Verify(const std::string& receipt) {
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Proof proof, transparency::ParseProof(receipt));
  const absl::MutexLock lock(&mutex_);
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Evaluation evaluation,
                          RequireQuorumLocked(proof.checkpoint));
  MUTUAL_RETURN_IF_ERROR(transparency::VerifyReceiptIn(proof, evaluation));
  const transparency::Checkpoint& checkpoint = evaluation.signed_checkpoint.checkpoint;
  const transparency::TreeHead tree{checkpoint.size, checkpoint.root};
  MUTUAL_RETURN_IF_ERROR(SeeLocked(checkpoint, proof.checkpoint));
  MUTUAL_ASSIGN_OR_RETURN(transparency::SignedEntry entry,
                          transparency::ParseSignedEntry(*proof.entry));
  return VerifiedEntry{std::move(entry), proof.index, tree};
}

absl::Status Trust::VerifyReceiptOf(const std::string& entry, const std::string& receipt) {
  MUTUAL_ASSIGN_OR_RETURN(const VerifiedEntry verified, Verify(receipt));
  if (verified.entry.ToBytes() == entry) return absl::OkStatus();
  return WithCode(
      DataLoss("the receipt is not of what this node sent; ask the coordinator's operator"),
      "RECEIPT_WRONG");
}

absl::Status Trust::TakeLocked(transparency::Policy policy) {
  if (policy == policy_) return absl::OkStatus();
  if (policy.logs().size() != 1 || policy.logs()[0].key != policy_.logs()[0].key) {
    return WithCode(
        PermissionDenied("the new policy names another log key than this node's invitation; "
                         "ask the other organisations"),
        "WRONG_LOG");
  }
  MUTUAL_RETURN_IF_ERROR(
      WriteFileDurably(folder_ / "trust" / "policy", policy.ToText(), FileMode::kPublic));
  policy_ = std::move(policy);
  judged_.clear();
  return absl::OkStatus();
}

absl::Status Trust::Learn(const std::string& policy_receipt) {
  MUTUAL_ASSIGN_OR_RETURN(const VerifiedEntry verified, Verify(policy_receipt));
  const transparency::Entry& entry = verified.entry.entry;
  if (entry.type() != "policy") {
    return InvalidArgument("the receipt is of a %s entry, want policy", entry.type());
  }
  MUTUAL_ASSIGN_OR_RETURN(
      transparency::Policy policy,
      transparency::Policy::Parse(absl::StrJoin(entry.Texts("policy"), "\n") + "\n"));
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t dishonest, entry.Integer("dishonest"));
  const absl::MutexLock lock(&mutex_);
  if (policy_.quorum() != "none" && !(policy == policy_)) {
    return WithCode(
        FailedPrecondition("entry %d of the log is another witness policy than the one this node "
                           "believes; serve reads in the log whether the old quorum signed it",
                           verified.index),
        "POLICY_NOT_READ");
  }
  if (policy.quorum() != "none" && policy.LeastOverlap() <= dishonest) {
    return InvalidArgument(
        "two quorums of the log's policy share %d witnesses, want more than the "
        "%d that may be dishonest; ask the other organisations",
        policy.LeastOverlap(), dishonest);
  }
  return TakeLocked(std::move(policy));
}

absl::Status Trust::Adopt(const transparency::Policy& policy) {
  const absl::MutexLock lock(&mutex_);
  return TakeLocked(policy);
}

std::string Trust::seen_checkpoint() {
  const absl::MutexLock lock(&mutex_);
  return seen_bytes_;
}

transparency::TreeHead Trust::seen() {
  const absl::MutexLock lock(&mutex_);
  return seen_;
}

}  // namespace mutual::client
