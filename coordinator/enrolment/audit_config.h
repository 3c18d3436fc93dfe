// The section [audit] of coordinator.toml.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"

namespace mutual::coordinator {

// `keep_rounds`: finished rounds whose files are kept for replays; nothing when it is not set.
// INVALID_ARGUMENT naming the line when the text is no TOML, or the value no whole number of 0 or
// more.
absl::StatusOr<std::optional<uint64_t>> KeepRoundsOf(std::string_view toml);

}  // namespace mutual::coordinator
