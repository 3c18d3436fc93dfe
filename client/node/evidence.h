// What proves that a log told two stories: two texts, kept in a folder under names of their own.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/status.h"

namespace mutual::client {

// Writes both durably, as NAME-1 and NAME-2. The same pair again changes nothing.
absl::Status KeepEvidence(const std::filesystem::path& folder, const std::string& first,
                          const std::string& second);

}  // namespace mutual::client
