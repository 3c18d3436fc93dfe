#include "aggregation/masking/tally.h"

#include "aggregation/masking/mask_ids.h"
#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"

namespace mutual::aggregation::masking {

Digest TallyMessage::ToDigest() const {
  std::string bytes;
  AppendLengthPrefixed(kTallyLabel, &bytes);
  AppendNumber(scrutineer, &bytes);
  AppendLengthPrefixed(AsText(study.bytes), &bytes);
  AppendNumber(round, &bytes);
  AppendNumber(close_index, &bytes);
  AppendLengthPrefixed(AsText(close_entry.bytes), &bytes);
  for (const ClassDigest& one : classes) {
    AppendNumber(one.mask_class, &bytes);
    AppendLengthPrefixed(AsText(one.sum.bytes), &bytes);
  }
  return crypto::Sha256(bytes);
}

absl::StatusOr<const std::vector<uint32_t>*> Tally::ClassSum(uint32_t mask_class) const {
  for (size_t i = 0; i < message_.classes.size(); ++i) {
    if (message_.classes[i].mask_class == mask_class) return &sums_[i];
  }
  return WithCode(NotFound("scrutineer %u does not hold class %u; ask one of its holders",
                           message_.scrutineer, mask_class),
                  "CLASS_NOT_HELD");
}

}  // namespace mutual::aggregation::masking
