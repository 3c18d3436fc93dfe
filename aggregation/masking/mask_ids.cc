#include "aggregation/masking/mask_ids.h"

#include "base/encoding.h"

namespace mutual::aggregation::masking {

std::string MaskIds::Info(std::string_view label) const {
  std::string info;
  AppendLengthPrefixed(label, &info);
  AppendLengthPrefixed(origin, &info);
  AppendLengthPrefixed(AsText(study.bytes), &info);
  AppendLengthPrefixed(node.name(), &info);
  AppendNumber(mask_class, &info);
  return info;
}

void AppendNumber(uint64_t value, std::string* out) {
  std::string bytes;
  PutUint64BigEndian(value, &bytes);
  AppendLengthPrefixed(bytes, out);
}

}  // namespace mutual::aggregation::masking
