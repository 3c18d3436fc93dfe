// From rows to slots: every member's rows in the member's fixed slot.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/data/data_source.h"
#include "client/data/slot_table.h"
#include "crypto/random.h"
#include "study/study_file.h"

namespace mutual::client {

// Slots of `members` (distinct, sorted), each below slot_count (client/ledger).
using SlotAssignment =
    std::function<absl::StatusOr<std::vector<uint64_t>>(const std::vector<std::string>& members)>;

// Reads the table and keeps at most max_rows rows of each member, chosen at random. The order of rows or members
// in the file has no influence on slots.
absl::StatusOr<SlotTable> BuildSlotTable(const TableConfig& config, const study::Study& study,
                                         const SlotAssignment& assign, uint64_t slot_count,
                                         crypto::RandomSource& random);

}  // namespace mutual::client
