// The stage: a batch of entries made durable before anything is signed
// (docs/LOG_STORAGE_FORMAT.md).
//
//     mutual/log-stage@v1
//     <text of the checkpoint before the batch>
//     <text of the checkpoint after it>
//     entries <count>
//     <count entries as in a bundle>sha256 <hex digest of all bytes above>
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "transparency/merkle.h"

namespace mutual::transparency {

inline constexpr uint64_t kMaxStageSize = uint64_t{17} << 20;  // bytes

struct Stage {
  std::string origin;
  TreeHead old_tree;
  TreeHead new_tree;
  std::vector<std::string> entries;
  bool operator==(const Stage&) const = default;
};

// INVALID_ARGUMENT when an entry is too long for a bundle.
absl::StatusOr<std::string> PrintStage(const Stage& stage);

// DATA_LOSS STAGE_INCOMPLETE when the digest at the end is missing or wrong, as after a crash in
// mid-write; INVALID_ARGUMENT when the bytes are whole and not a stage. The roots are not checked.
absl::StatusOr<Stage> ParseStage(std::string_view bytes);

}  // namespace mutual::transparency
