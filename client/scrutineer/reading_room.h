// Where a node reads the log and the studies that are about to be masked.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/channel/channel.h"
#include "client/node/trust.h"
#include "client/scrutineer/federation_view.h"
#include "study/study_file.h"

namespace mutual::client {

// Not thread-safe. `trust` outlives it.
class ReadingRoom {
 public:
  ReadingRoom(const std::string& origin, Trust* trust) : trust_(trust), view_(origin) {}

  // Reads the log up to the newest checkpoint that the coordinator shows, which must bear the
  // quorum. Whose cosignatures it bears. UNAVAILABLE while the log grows under the reader.
  absl::StatusOr<Trust::Cosigned> Read(Channel& channel);
  // The same, and whose cosignatures another checkpoint bears. Every checkpoint, the shown one too,
  // must be of what was read, of its beginning or of more: DATA_LOSS LOG_FORKED when it is not ⚔.
  absl::StatusOr<Trust::Cosigned> ReadWith(Channel& channel, const std::string& checkpoint);
  // Read for what a coordinator shows and serves. PERMISSION_DENIED POLICY_UNENDORSED when it shows
  // a policy that the old one's quorum did not sign. Public for tests.
  absl::StatusOr<Trust::Cosigned> ReadShown(const transparency::Fetch& fetch,
                                            const TrustReply& shown, const std::string& checkpoint);
  const FederationView& view() const { return view_; }
  transparency::TreeHead head() const { return view_.head(); }

  // The study with that digest, whatever its state. NOT_FOUND when the coordinator does not know
  // it; DATA_LOSS with code STUDY_DIGEST when its text has another digest.
  absl::StatusOr<const study::Study*> StudyOf(Channel& channel, const Digest& digest);

 private:
  absl::StatusOr<Trust::Cosigned> ReadOnce(Channel& channel, const std::string& checkpoint);
  absl::Status LearnPolicy(const transparency::Fetch& fetch, const std::string& receipt);
  absl::Status ReadTree(const transparency::Fetch& fetch, const transparency::TreeHead& tree);
  absl::StatusOr<Trust::Cosigned> ReadUnder(const transparency::Fetch& fetch,
                                            const std::string& checkpoint);
  Trust* trust_;
  FederationView view_;
  std::string newest_;  // the checkpoint of what was read
  std::map<Digest, std::unique_ptr<study::Study>> studies_;
};

}  // namespace mutual::client
