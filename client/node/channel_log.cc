#include "client/node/channel_log.h"

#include "base/status.h"

namespace mutual::client {

absl::Status LearnIfFirst(Trust& trust, const std::string& policy_receipt) {
  if (policy_receipt.empty()) return absl::OkStatus();
  const absl::Status learnt = trust.Learn(policy_receipt);
  return ErrorCode(learnt) == "POLICY_NOT_READ" ? absl::OkStatus() : learnt;
}

namespace {

transparency::Fetch FetchFrom(Channel& channel) {
  return [&channel](const std::string& path) { return channel.ReadLog(path); };
}

}  // namespace

absl::Status SeeShown(Channel& channel, Trust& trust, const std::string& checkpoint) {
  const absl::Status seen = trust.SeeGrown(
      checkpoint,
      [&](const transparency::TreeHead& shown,
          uint64_t size) -> absl::StatusOr<transparency::TreeHead> {
        MUTUAL_ASSIGN_OR_RETURN(const auto reader,
                                transparency::LogReader::Open(FetchFrom(channel), shown));
        return reader->HeadAt(size);
      });
  return absl::IsNotFound(seen) ? Unavailable("the log grew while it was read; trying again")
                                : seen;
}

absl::StatusOr<std::unique_ptr<transparency::LogReader>> OpenLog(Channel& channel, Trust& trust) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    MUTUAL_ASSIGN_OR_RETURN(const TrustReply shown, channel.GetTrust());
    MUTUAL_RETURN_IF_ERROR(LearnIfFirst(trust, shown.policy_receipt));
    MUTUAL_ASSIGN_OR_RETURN(const transparency::TreeHead head,
                            trust.VerifyCheckpoint(shown.checkpoint));
    auto reader = transparency::LogReader::Open(FetchFrom(channel), head);
    // A partial tile goes when a fuller one supersedes it: then a newer checkpoint is there too.
    if (!absl::IsNotFound(reader.status())) return reader;
  }
  return Unavailable("the log grows faster than it can be read; trying again");
}

}  // namespace mutual::client
