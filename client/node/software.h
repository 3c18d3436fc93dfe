// A node or a researcher tells the log which program it runs: once, and again after every change.
//
//   DIR/software   the digest and version that the log has taken last
#pragma once

#include "absl/status/status.h"
#include "base/clock.h"
#include "client/channel/channel.h"
#include "client/node/home.h"
#include "client/node/trust.h"

namespace mutual::client {

struct SoftwareParts {
  const Home* home;
  Trust* trust;  // has seen the newest checkpoint
  Channel* channel;
  const Clock* clock;
};

// OK at once when DIR/software has this program's digest. Errors of the coordinator (UNAVAILABLE
// NO_QUORUM when the log waits for witnesses) leave it due for the next time.
absl::Status DeclareSoftware(const SoftwareParts& parts);

}  // namespace mutual::client
