// Entries that the coordinator writes of its own accord: its program, and what its operator put on
// record.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/ids.h"
#include "coordinator/log/public_log.h"
#include "coordinator/storage/journal.h"

namespace mutual::coordinator {

// The word for incidents that end a study by the operator's decision.
inline constexpr char kOperatorStopped[] = "OPERATOR_STOPPED";

// A program that the coordinator vouches for.
struct Program {
  std::string name;
  Digest digest;
};
// This program first; then mutual-audit, which has no key of its own, where it is installed beside
// it. Reads their files.
absl::StatusOr<std::vector<Program>> ProgramsHere();

// A software entry for each program whose newest entry by the coordinator has another digest. May
// wait for the log.
absl::Status LogSoftware(PublicLog& log, const std::vector<Program>& programs, const Clock& clock);

// Logs what the journal holds and the log does not yet; returns the studies that the operator
// stopped, all of them every time. May wait for the log.
absl::StatusOr<std::vector<Digest>> LogIncidents(PublicLog& log, Journal& journal);

}  // namespace mutual::coordinator
