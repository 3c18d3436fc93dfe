// Images in files: PGM, PPM, and items of IDX files. Internal to client/data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "study/schema.h"

namespace mutual::client {

// The pixels of `name` in `folder`, channel by channel, row by row. INVALID_ARGUMENT, naming the
// column and the rule, unless the file is an 8-bit binary PGM (one channel), PPM (three), or, for
// "FILE#N", an IDX file of bytes whose items have exactly the column's sides (items of three
// channels have them last).
absl::StatusOr<std::vector<uint8_t>> ReadImage(const std::filesystem::path& folder,
                                               const study::Column& column,
                                               const std::string& name);

}  // namespace mutual::client
