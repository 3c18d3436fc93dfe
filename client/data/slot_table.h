// A node's members in fixed slots, read from its table for one study.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "study/schema.h"

namespace mutual::client {

// The rows of every slot. Slots without a member have no rows. Immutable.
class SlotTable {
 public:
  SlotTable(size_t columns, std::vector<std::vector<double>> rows_by_slot)
      : columns_(columns), rows_by_slot_(std::move(rows_by_slot)) {}
  size_t slot_count() const { return rows_by_slot_.size(); }
  study::MemberRows slot(size_t index) const { return {rows_by_slot_[index], columns_}; }

 private:
  size_t columns_;
  std::vector<std::vector<double>> rows_by_slot_;
};

}  // namespace mutual::client
