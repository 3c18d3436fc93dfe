// One table cut into one for each organisation.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace mutual::simulate {

// Reads the CSV file `path` and writes its rows, with the header, to one file below `folder` for
// each value of the column called `column`: the files, by value. INVALID_ARGUMENT SIMULATE_SPLIT
// when there is no such column, a line is ragged, or there are more than `most` values. `delimiter`
// stays what it is.
struct SplitRequest {
  std::filesystem::path path;
  std::string column;
  char delimiter = ',';
  size_t most = 1000;
};
absl::StatusOr<std::map<std::string, std::filesystem::path>> SplitTable(
    const SplitRequest& request, const std::filesystem::path& folder);

// ';', a tab or ',': what the file's first line has most of.
absl::StatusOr<char> DelimiterOf(const std::filesystem::path& path);

}  // namespace mutual::simulate
