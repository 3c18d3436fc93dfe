// What must hold between the lines of one entry, beyond each line's own kind.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transparency/entry.h"
#include "transparency/policy.h"

namespace mutual::transparency {

// Called by Entry::Parse for types known here. INVALID_ARGUMENT when an entry names both a node and
// a researcher, or enrols or revokes neither; when an enrolled key has another name or type than
// its use (docs/LOG_FORMAT.md); when the policy lines of genesis and policy are no policy of this
// log.
absl::Status CheckLinesTogether(const Entry& entry);

// The policy of a genesis or policy entry. INVALID_ARGUMENT when it has none.
absl::StatusOr<Policy> PolicyOf(const Entry& entry);

}  // namespace mutual::transparency
