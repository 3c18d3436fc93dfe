// Where a node reads the log and the studies that are about to be masked.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/channel/channel.h"
#include "client/node/home.h"
#include "client/node/trust.h"
#include "client/scrutineer/federation_view.h"
#include "study/study_file.h"

namespace mutual::client {

// Not thread-safe. `home` and `trust` outlive it.
class ReadingRoom {
 public:
  ReadingRoom(const Home* home, Trust* trust) : home_(home), trust_(trust), view_(home->origin()) {}

  // Reads the log up to the newest checkpoint that the coordinator shows, which must bear the
  // quorum. Whose cosignatures it bears. UNAVAILABLE while the log grows under the reader.
  absl::StatusOr<Trust::Cosigned> Read(Channel& channel);
  // The same, and whose cosignatures another checkpoint bears, which must be of what was read or of
  // its beginning: DATA_LOSS LOG_FORKED when it is not.
  absl::StatusOr<Trust::Cosigned> ReadWith(Channel& channel, const std::string& checkpoint);
  const FederationView& view() const { return view_; }
  transparency::TreeHead head() const { return view_.head(); }

  // The study with that digest, whatever its state. NOT_FOUND when the coordinator does not know
  // it; DATA_LOSS with code STUDY_DIGEST when its text has another digest.
  absl::StatusOr<const study::Study*> StudyOf(Channel& channel, const Digest& digest);
  // Whether the coordinator says that the study has ended.
  absl::StatusOr<bool> HasEnded(Channel& channel, const Digest& digest);

 private:
  absl::StatusOr<Trust::Cosigned> ReadOnce(Channel& channel, const std::string& checkpoint);
  const Home* home_;
  Trust* trust_;
  FederationView view_;
  std::map<Digest, std::unique_ptr<study::Study>> studies_;
};

}  // namespace mutual::client
