// Where an auditor reads a log from: a folder, or a URL that serves its files.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "transparency/tile_reader.h"

namespace mutual::audit {

// Fetches below `source`: a folder's path, or http[s]://host[:port][/prefix]. INVALID_ARGUMENT when
// it is neither. The fetch returns NOT_FOUND for a missing file, UNAVAILABLE when nobody answers,
// OUT_OF_RANGE above the largest bundle.
absl::StatusOr<transparency::Fetch> OpenSource(const std::string& source);

bool IsUrl(const std::string& source);

}  // namespace mutual::audit
