// What a node believes of the log: the witness policy in force, and the newest checkpoint it
// verified.
//
//   DIR/trust/policy      tlog-policy, learnt at first from the log itself, then changed only when
//   this node
//                         has read in the log that the old quorum signed the new one (Adopt)
//   DIR/trust/seen        the newest checkpoint verified, with its signatures
//   DIR/evidence/         two checkpoints that cannot both be honest, if that was ever seen
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "crypto/signing_key.h"
#include "transparency/merkle.h"
#include "transparency/policy.h"
#include "transparency/signed_entry.h"

namespace mutual::client {

// An entry whose receipt was verified: in the log, under a quorum.
struct VerifiedEntry {
  transparency::SignedEntry entry;
  uint64_t index = 0;
  transparency::TreeHead tree;
};

// Thread-safe.
class Trust {
 public:
  static absl::StatusOr<std::unique_ptr<Trust>> Open(const std::filesystem::path& folder,
                                                     const std::string& origin,
                                                     const crypto::VerifyKey& log_key);

  // Verifies log signature, quorum, inclusion and that the tree does not contradict what was seen.
  // UNAUTHENTICATED or DATA_LOSS with a code of transparency/; FAILED_PRECONDITION NO_QUORUM;
  // DATA_LOSS LOG_FORKED, with evidence kept.
  absl::StatusOr<VerifiedEntry> Verify(const std::string& receipt);
  // That the receipt is of `entry`'s bytes, besides: DATA_LOSS RECEIPT_WRONG.
  absl::Status VerifyReceiptOf(const std::string& entry, const std::string& receipt);
  // Takes the founding policy entry's receipt. Once a policy with a quorum is believed, another one
  // is not taken from a receipt, whoever cosigned it ⚔: witnesses cosign checkpoints without
  // judging what entries say. Then FAILED_PRECONDITION POLICY_NOT_READ, see ReadingRoom.
  // PERMISSION_DENIED WRONG_LOG for another log's key; INVALID_ARGUMENT when the policy lets its
  // dishonest witnesses cosign a fork.
  absl::Status Learn(const std::string& policy_receipt);
  // Takes the policy that this node's own reading of the log says is in force. WRONG_LOG as above.
  absl::Status Adopt(const transparency::Policy& policy);
  // Takes a checkpoint signed by the log as seen, if it is newer. Whether it contains what was seen
  // is left to those who can read the log.
  absl::Status See(const std::string& checkpoint);
  // The same, if its tree contains the one seen before ⚔: DATA_LOSS LOG_FORKED otherwise, with evidence kept. `head_at` reads the tree `shown`
  // and says what it was at `size`; its errors are returned, and nothing is seen.
  using HeadAt = std::function<absl::StatusOr<transparency::TreeHead>(
      const transparency::TreeHead& shown, uint64_t size)>;
  absl::Status SeeGrown(const std::string& checkpoint, const HeadAt& head_at);
  // The tree of a checkpoint that the quorum believed so far cosigned; seen, if it is newer. Errors
  // as of Verify.
  absl::StatusOr<transparency::TreeHead> VerifyCheckpoint(const std::string& checkpoint);
  // The same with who cosigned it, and the least number of witnesses that two quorums share.
  struct Cosigned {
    transparency::Evaluation evaluation;
    transparency::Policy policy;  // that evaluated it
    size_t least_overlap = 0;
  };
  absl::StatusOr<Cosigned> Cosigners(const std::string& checkpoint);
  transparency::TreeHead seen();
  std::string seen_checkpoint();  // its bytes; empty before the first
  // DATA_LOSS LOG_FORKED for ever after a fork was seen, until a person has put DIR/evidence
  // elsewhere.
  absl::Status CheckUnforked() const;
  // Writes two conflicting texts down and returns LOG_FORKED.
  absl::Status Forked(const std::string& first, const std::string& second);

 private:
  Trust(std::filesystem::path folder, transparency::Policy policy)
      : folder_(std::move(folder)), policy_(std::move(policy)) {}
  absl::Status SeeLocked(const transparency::Checkpoint& checkpoint, const std::string& bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status TakeLocked(transparency::Policy policy) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<transparency::Evaluation> RequireQuorumLocked(const std::string& checkpoint)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::filesystem::path folder_;
  absl::Mutex mutex_;
  transparency::Policy policy_ ABSL_GUARDED_BY(mutex_);
  transparency::TreeHead seen_ ABSL_GUARDED_BY(mutex_);
  std::string seen_bytes_ ABSL_GUARDED_BY(mutex_);
  // The last checkpoints that policy_ found good: a round shows one several times, and each has
  // many signatures.
  struct Judged {
    std::string checkpoint;
    transparency::Evaluation evaluation;
  };
  std::deque<Judged> judged_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mutual::client
