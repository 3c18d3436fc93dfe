// What waits for an organisation in a study's masks: a hint, see proto/mutual/federation/v1.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aggregation/masking/wrapped_key.h"
#include "base/ids.h"

namespace mutual::coordinator {

// The numbers are those of the wire.
enum class DutyKind {
  kPublishKey = 1,
  kDrawMasks = 2,
  kConfirm = 3,
  kReveal = 4,
  kTally = 5,
  kClassSums = 6,
  kForget = 7,
};

struct MaskDuty {
  DutyKind kind;
  Digest study;
  uint64_t round = 0;
  uint64_t close = 0;
  std::vector<uint64_t> entries;
  std::vector<uint32_t> classes;
  std::string checkpoint;
};

using WrappedKeys = std::vector<aggregation::masking::WrappedKey>;

}  // namespace mutual::coordinator
