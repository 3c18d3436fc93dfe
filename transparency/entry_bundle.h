// Bundles: the files that hold the entries of a log, 256 to a full one (c2sp.org/tlog-tiles).
//
// An entry is a big-endian uint16 length and that many bytes. The length is not part of what is
// hashed. Their paths are those of tile.h with the level kEntriesLevel.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace mutual::transparency {

inline constexpr uint64_t kMaxEntrySize = 65535;  // bytes
inline constexpr uint64_t kMaxBundleSize = 256 * (kMaxEntrySize + 2);

// INVALID_ARGUMENT when an entry is longer than kMaxEntrySize.
absl::StatusOr<std::string> PrintBundle(std::span<const std::string> entries);

// INVALID_ARGUMENT unless `bytes` are `count` entries exactly, with nothing after them.
absl::StatusOr<std::vector<std::string>> ParseBundle(std::string_view bytes, uint64_t count);

}  // namespace mutual::transparency
