#include "client/scrutineer/confirmation.h"

#include "base/status.h"

namespace mutual::client {

Confirmation ConfirmEach(std::span<const uint64_t> entries,
                         const std::function<absl::StatusOr<bool>(uint64_t)>& judge) {
  Confirmation confirmation;
  for (const uint64_t index : entries) {
    const absl::StatusOr<bool> good = judge(index);
    if (good.ok() && *good) confirmation.masks.push_back(index);
    if (good.ok() || !confirmation.first_bad.ok()) continue;
    confirmation.first_bad = Annotate(good.status(), absl::StrFormat("masks entry %d", index));
  }
  return confirmation;
}

}  // namespace mutual::client
