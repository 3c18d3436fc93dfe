// Whether the ledger is as new as the log: a restored old copy forgets what was spent (PRIVACY.md
// section 5).
//
// The log holds every contribution that was counted, under a quorum of witnesses, so neither an old
// backup nor a coordinator can hide one from a node that reads it. Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/ledger/ledger.h"
#include "transparency/log_reader.h"

namespace mutual::client {

// OK when every contribution of `node` among the entries from ledger.log_checked() on is charged in
// the ledger, which then remembers how far it was compared. DATA_LOSS LEDGER_BEHIND_LOG when one is
// not ⚔; errors of the reader are passed on.
absl::Status CheckAgainstLog(transparency::LogReader& log, const std::string& node, Ledger& ledger);

struct LostRound {
  RoundCharge charge;
  bool contributed = false;  // else the round was opened, so that bytes may have left unlogged
};

// The rounds that a ledger restored from a backup has to charge: own contributions that the log has
// and it has not, and every other round opened since log_checked() of a study that the log has a
// mandate of `node` for. The first are charged to the year of the contribution, the others to that
// of `now`.
absl::StatusOr<std::vector<LostRound>> FindLostRounds(transparency::LogReader& log,
                                                      const std::string& node, Ledger& ledger,
                                                      absl::Time now);

}  // namespace mutual::client
