// The federation's log as a node reads it: from its coordinator, who is trusted with nothing.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "client/channel/channel.h"
#include "client/node/trust.h"
#include "transparency/log_reader.h"

namespace mutual::client {

// Asks for the newest checkpoint, which must bear the quorum believed so far, learns the policy in
// force and opens the log at that tree. `channel` outlives the reader. UNAVAILABLE while the log
// grows under the reader; other errors as of Trust and LogReader.
absl::StatusOr<std::unique_ptr<transparency::LogReader>> OpenLog(Channel& channel, Trust& trust);

// Takes the checkpoint that the coordinator shows as seen, once the log itself shows that it contains
// what was seen before. Errors of Trust::SeeGrown; UNAVAILABLE while the log grows.
absl::Status SeeShown(Channel& channel, Trust& trust, const std::string& checkpoint);

// Learns the founding policy from what the coordinator shows, possibly nothing. A later policy is
// left to the ReadingRoom: until it has read the log, the one believed so far decides.
absl::Status LearnIfFirst(Trust& trust, const std::string& policy_receipt);

}  // namespace mutual::client
