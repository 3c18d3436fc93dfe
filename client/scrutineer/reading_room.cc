#include "client/scrutineer/reading_room.h"

#include "base/status.h"
#include "client/node/round_guard.h"
#include "transparency/log_reader.h"

namespace mutual::client {

absl::StatusOr<Trust::Cosigned> ReadingRoom::Read(Channel& channel) {
  return ReadWith(channel, "");
}

absl::StatusOr<Trust::Cosigned> ReadingRoom::ReadWith(Channel& channel,
                                                      const std::string& checkpoint) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    auto read = ReadOnce(channel, checkpoint);
    // A partial tile goes when a fuller one supersedes it: then a newer checkpoint is there too.
    if (!absl::IsNotFound(read.status())) return read;
  }
  return Unavailable("the log grows faster than it can be read; trying again");
}

// A later policy than the one believed counts when the log, read under the old one, says so.
absl::Status ReadingRoom::LearnPolicy(const transparency::Fetch& fetch,
                                      const std::string& receipt) {
  const absl::Status learnt = trust_->Learn(receipt);
  if (ErrorCode(learnt) != "POLICY_NOT_READ") return learnt;
  MUTUAL_ASSIGN_OR_RETURN(const VerifiedEntry verified, trust_->Verify(receipt));
  MUTUAL_RETURN_IF_ERROR(ReadTree(fetch, verified.tree));
  if (view_.policy() != nullptr && view_.policy_index() >= verified.index) {
    return trust_->Adopt(*view_.policy());
  }
  return WithCode(
      PermissionDenied("policy entry %d was not signed by the quorum of the policy before it; this "
                       "node keeps the old one. Ask the other organisations",
                       verified.index),
      "POLICY_UNENDORSED");
}

// Reads on to `tree`, or makes sure that it is the beginning of what was read.
absl::Status ReadingRoom::ReadTree(const transparency::Fetch& fetch,
                                   const transparency::TreeHead& tree) {
  const transparency::TreeHead& largest = tree.size < view_.size() ? view_.head() : tree;
  MUTUAL_ASSIGN_OR_RETURN(const auto reader, transparency::LogReader::Open(fetch, largest));
  MUTUAL_ASSIGN_OR_RETURN(const transparency::TreeHead there, reader->HeadAt(tree.size));
  if (there != tree) {
    return WithCode(DataLoss("the tree of %d entries that is shown is not the beginning of what "
                             "this node read in the log",
                             tree.size),
                    "LOG_FORKED");
  }
  return view_.ReadTo(*reader);
}

// The checkpoint's cosigners, when it is of what was read or read now.
absl::StatusOr<Trust::Cosigned> ReadingRoom::ReadUnder(const transparency::Fetch& fetch,
                                                       const std::string& checkpoint) {
  MUTUAL_ASSIGN_OR_RETURN(Trust::Cosigned cosigned, trust_->Cosigners(checkpoint));
  const transparency::Checkpoint& tree = cosigned.evaluation.signed_checkpoint.checkpoint;
  const absl::Status read = ReadTree(fetch, {tree.size, tree.root});
  if (ErrorCode(read) == "LOG_FORKED") return trust_->Forked(newest_, checkpoint);
  MUTUAL_RETURN_IF_ERROR(read);
  if (tree.size == view_.size()) newest_ = checkpoint;
  return cosigned;
}

absl::StatusOr<Trust::Cosigned> ReadingRoom::ReadOnce(Channel& channel,
                                                      const std::string& checkpoint) {
  MUTUAL_ASSIGN_OR_RETURN(const TrustReply shown, channel.GetTrust());
  return ReadShown([&channel](const std::string& path) { return channel.ReadLog(path); }, shown,
                   checkpoint);
}

absl::StatusOr<Trust::Cosigned> ReadingRoom::ReadShown(const transparency::Fetch& fetch,
                                                       const TrustReply& shown,
                                                       const std::string& checkpoint) {
  if (!shown.policy_receipt.empty()) {
    MUTUAL_RETURN_IF_ERROR(LearnPolicy(fetch, shown.policy_receipt));
  }
  MUTUAL_ASSIGN_OR_RETURN(Trust::Cosigned newest, ReadUnder(fetch, shown.checkpoint));
  return checkpoint.empty() ? std::move(newest) : ReadUnder(fetch, checkpoint);
}

absl::StatusOr<const study::Study*> ReadingRoom::StudyOf(Channel& channel, const Digest& digest) {
  if (const auto found = studies_.find(digest); found != studies_.end()) {
    return found->second.get();
  }
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<StudySummary> all, channel.ListStudies());
  for (const StudySummary& summary : all) {
    if (summary.digest != digest) continue;
    MUTUAL_ASSIGN_OR_RETURN(study::Study study, study::ParseStudy(summary.text, SolveNoise));
    if (study.digest != digest) {
      return WithCode(DataLoss("the coordinator sent a study file that does not match digest %s",
                               digest.Short()),
                      "STUDY_DIGEST");
    }
    auto& kept = studies_[digest];
    kept = std::make_unique<study::Study>(std::move(study));
    return kept.get();
  }
  return NotFound("the coordinator does not know study %s", digest.Short());
}

}  // namespace mutual::client
