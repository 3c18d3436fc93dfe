// Which programs run here: the digests of their files.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/ids.h"

namespace mutual::crypto {

// SHA-256 of the file that this process was started from, also after that file was replaced.
// UNAVAILABLE when it cannot be read.
absl::StatusOr<Digest> DigestOfOwnProgram();

// SHA-256 of the program `name` in the folder that this process was started from. NOT_FOUND when
// there is none, UNAVAILABLE when it cannot be read.
absl::StatusOr<Digest> DigestOfProgramBeside(const std::string& name);

}  // namespace mutual::crypto
