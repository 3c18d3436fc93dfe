// The log's side of C2SP tlog-witness: asks a witness at a URL to cosign.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "transparency/witness_request.h"

namespace mutual::transparency {

// POST <url>/add-checkpoint with `body`, at most `patience` for each of connecting, sending and
// receiving. Whatever the witness answers is returned, its body cut off above 64 KiB (then
// UNAVAILABLE). No redirect is followed. INVALID_ARGUMENT on a malformed URL; UNAVAILABLE when
// nobody answers in time.
absl::StatusOr<WitnessAnswer> PostCheckpoint(const std::string& url, const std::string& body,
                                             absl::Duration patience);

// GET <url>/<hex SHA-256 of origin>/checkpoint: what the witness cosigned last of that log, not yet
// verified. NOT_FOUND when it knows none; other errors as of PostCheckpoint.
absl::StatusOr<std::string> FetchCosigned(const std::string& url, const std::string& origin,
                                          absl::Duration patience);

}  // namespace mutual::transparency
