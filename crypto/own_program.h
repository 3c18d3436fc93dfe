// Which program is running: the digest of its file.
#pragma once

#include "absl/status/statusor.h"
#include "base/ids.h"

namespace mutual::crypto {

// SHA-256 of the file that this process was started from, also after that file was replaced.
// UNAVAILABLE when it cannot be read.
absl::StatusOr<Digest> DigestOfOwnProgram();

}  // namespace mutual::crypto
