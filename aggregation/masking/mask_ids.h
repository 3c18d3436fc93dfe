// What every mask derivation is bound to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace mutual::aggregation::masking {

// Labels of the derivations of docs/MASKING.md. No two may be equal: a commit is public, so a
// stream or ratchet key derived under the same label would be public too.
inline constexpr std::string_view kCommitLabel = "mutual/mask-commit";
inline constexpr std::string_view kRoundLabel = "mutual/mask-round";
inline constexpr std::string_view kRatchetLabel = "mutual/mask-ratchet";
inline constexpr std::string_view kWrapLabel = "mutual/mask-wrap";
inline constexpr std::string_view kWrappedLabel = "mutual/mask-wrapped";
inline constexpr std::string_view kMasksLabel = "mutual/mask-masks";
inline constexpr std::string_view kTallyLabel = "mutual/mask-tally";

// One class of masks of one node in one study of one log.
struct MaskIds {
  std::string origin;  // of the log, e.g. "fed.example/audit"
  Digest study;
  NodeId node;
  uint32_t mask_class = 0;

  // `label` and the four fields, each length-prefixed: the start of every HKDF info.
  std::string Info(std::string_view label) const;
  bool operator==(const MaskIds&) const = default;
};

// Appends the 8 big-endian bytes of `value`, length-prefixed.
void AppendNumber(uint64_t value, std::string* out);

}  // namespace mutual::aggregation::masking
