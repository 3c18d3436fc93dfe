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

absl::StatusOr<Trust::Cosigned> ReadingRoom::ReadOnce(Channel& channel,
                                                      const std::string& checkpoint) {
  const transparency::Fetch fetch = [&channel](const std::string& path) {
    return channel.ReadLog(path);
  };
  MUTUAL_ASSIGN_OR_RETURN(const TrustReply shown, channel.GetTrust());
  if (!shown.policy_receipt.empty()) MUTUAL_RETURN_IF_ERROR(trust_->Learn(shown.policy_receipt));
  MUTUAL_ASSIGN_OR_RETURN(Trust::Cosigned newest, trust_->Cosigners(shown.checkpoint));
  const transparency::Checkpoint& tree = newest.evaluation.signed_checkpoint.checkpoint;
  MUTUAL_ASSIGN_OR_RETURN(const auto reader,
                          transparency::LogReader::Open(fetch, {tree.size, tree.root}));
  MUTUAL_RETURN_IF_ERROR(view_.ReadTo(*reader));
  if (checkpoint.empty()) return newest;
  MUTUAL_ASSIGN_OR_RETURN(Trust::Cosigned other, trust_->Cosigners(checkpoint));
  const transparency::Checkpoint& part = other.evaluation.signed_checkpoint.checkpoint;
  if (part.size > tree.size) return Unavailable("the coordinator shows an older log; trying again");
  MUTUAL_ASSIGN_OR_RETURN(const transparency::TreeHead head, reader->HeadAt(part.size));
  if (head.root != part.root) return trust_->Forked(shown.checkpoint, checkpoint);
  return other;
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

absl::StatusOr<bool> ReadingRoom::HasEnded(Channel& channel, const Digest& digest) {
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<StudySummary> all, channel.ListStudies());
  for (const StudySummary& summary : all) {
    if (summary.digest != digest) continue;
    return summary.state == StudyState::kFinished || summary.state == StudyState::kAbandoned;
  }
  return false;
}

}  // namespace mutual::client
