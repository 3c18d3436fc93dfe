// Two copies of one log, side by side.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "tools/audit/audited_log.h"
#include "tools/audit/finding.h"

namespace mutual::audit {

// Reports FORK. When the copies disagree: the index of the first entry that differs, counting a
// missing one of the checkpoint's size as none. Errors are of reading.
absl::StatusOr<std::optional<uint64_t>> FirstDifference(const AuditedLog& one,
                                                        const AuditedLog& other,
                                                        Findings* findings);

// Writes both checkpoints and both entries at `index`, with a note for people, into `folder`.
absl::Status WriteEvidence(const AuditedLog& one, const AuditedLog& other, uint64_t index,
                           const std::filesystem::path& folder);

// Reports APPEND for two checkpoints of one log. Without a reader of the larger tree only equal
// sizes can be compared.
void CheckConsistent(const transparency::Checkpoint& one, const transparency::Checkpoint& other,
                     transparency::LogReader* reader, Findings* findings);

}  // namespace mutual::audit
