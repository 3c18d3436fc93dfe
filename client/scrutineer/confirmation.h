// The masks entries of a duty, one after the other: what a scrutineer confirms of them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mutual::client {

struct Confirmation {
  std::vector<uint64_t> masks;  // indices of entries whose keys are good
  absl::Status first_bad;       // of the first entry that could not be judged
};

// Calls `judge` for every entry: true when its keys are good, false when nothing is to be said of
// it. An entry that cannot be judged keeps none of the others from being confirmed ⚔.
Confirmation ConfirmEach(std::span<const uint64_t> entries,
                         const std::function<absl::StatusOr<bool>(uint64_t)>& judge);

}  // namespace mutual::client
