#include "client/data/member_table.h"

#include <map>

#include "base/status.h"
#include "privacy/sampling.h"

namespace mutual::client {

absl::StatusOr<SlotTable> BuildSlotTable(const TableConfig& config, const study::Study& study,
                                         const SlotAssignment& assign, uint64_t slot_count,
                                         crypto::RandomSource& random) {
  const size_t columns = study.schema.row_width();
  std::map<std::string, std::vector<double>> rows_of;
  MUTUAL_RETURN_IF_ERROR(
      ReadTable(config, study.schema,
                [&](const std::string& member, const std::vector<double>& values) {
                  std::vector<double>& rows = rows_of[member];
                  rows.insert(rows.end(), values.begin(), values.end());
                })
          .status());
  std::vector<std::string> members;
  for (const auto& [member, rows] : rows_of) members.push_back(member);
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<uint64_t> slots, assign(members));
  std::vector<std::vector<double>> by_slot(slot_count);
  const auto max_rows = static_cast<uint64_t>(study.privacy.max_rows);
  for (size_t i = 0; i < members.size(); ++i) {
    std::vector<double>& rows = rows_of[members[i]];
    const uint64_t count = rows.size() / columns;
    std::vector<double>& slot = by_slot[slots[i]];
    if (count <= max_rows) {
      slot = std::move(rows);
      continue;
    }
    for (const uint64_t row : privacy::SampleWithoutReplacement(count, max_rows, random)) {
      const auto begin = rows.begin() + static_cast<long>(row * columns);
      slot.insert(slot.end(), begin, begin + static_cast<long>(columns));
    }
  }
  return SlotTable(columns, std::move(by_slot));
}

}  // namespace mutual::client
