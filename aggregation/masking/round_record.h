// What a scrutineer remembers of a round for ever.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "base/ids.h"

namespace mutual::aggregation::masking {

// The one end of (study, round) that a scrutineer acts on. The leaf hash is kept beside the index
// because in a forked log two closes may stand at the same index.
struct RoundRecord {
  Digest study;
  uint64_t round = 0;
  uint64_t end_index = 0;
  Digest end_entry;
  Digest answer;  // TallyMessage::ToDigest, or zero for an abandon
  bool operator==(const RoundRecord&) const = default;
};

// Durable memory. Implementations say whether they are thread-safe.
class RoundRecordStore {
 public:
  virtual ~RoundRecordStore() = default;
  // Atomically: stores `record` unless one of the same study and round is stored, and returns the
  // stored one. It must survive a crash once this returns. Never overwrites.
  virtual absl::StatusOr<RoundRecord> RecordOnce(const RoundRecord& record) = 0;
};

}  // namespace mutual::aggregation::masking
