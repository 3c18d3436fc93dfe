#include "tools/simulate/seeded_slots.h"

#include "base/status.h"
#include "privacy/sampling.h"
#include "tools/simulate/seeded_stream.h"

namespace mutual::simulate {

absl::StatusOr<std::vector<uint64_t>> SeededSlots::SlotsOf(
    const std::vector<std::string>& members) {
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t count, ledger_->slot_count());
  if (members.size() > count) {
    return WithCode(ResourceExhausted("there are %d members and %d slots", members.size(), count),
                    "SLOTS_FULL");
  }
  SeededStream stream(seed_, "slots");
  std::vector<uint64_t> slots(count);
  for (uint64_t i = 0; i < count; ++i) slots[i] = i;
  for (uint64_t i = 0; i < members.size(); ++i) {
    std::swap(slots[i], slots[i + stream.NextUint64() % (count - i)]);
  }
  slots.resize(members.size());
  return slots;
}

}  // namespace mutual::simulate
