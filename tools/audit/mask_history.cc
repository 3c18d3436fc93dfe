#include "tools/audit/mask_history.h"

#include <algorithm>

#include "aggregation/masking/trust_bound.h"
#include "base/status.h"

namespace mutual::audit {

std::optional<uint32_t> MaskHistory::NumberOf(const std::string& name) const {
  const auto found = std::find(scrutineers.begin(), scrutineers.end(), name);
  if (found == scrutineers.end()) return std::nullopt;
  return static_cast<uint32_t>(found - scrutineers.begin());
}

std::vector<std::string> MaskHistory::HoldersOf(uint32_t mask_class) const {
  std::vector<std::string> names;
  for (const uint32_t number : classes->Holders(mask_class)) names.push_back(scrutineers[number]);
  return names;
}

bool MaskHistory::IsConfirmed(const std::string& node) const {
  const auto newest = in_force.find(node);
  if (newest == in_force.end() || !is_masked()) return false;
  if (masks.at(newest->second).is_revealed) return false;
  const std::set<std::string>& sure = masks.at(newest->second).confirmed_by;
  for (uint32_t c = 0; c < classes->size(); ++c) {
    const std::vector<std::string> holders = HoldersOf(c);
    const auto count = std::count_if(holders.begin(), holders.end(),
                                     [&](const std::string& name) { return sure.count(name) > 0; });
    if (count < aggregation::masking::HolderMajority(classes->threshold())) return false;
  }
  return true;
}

absl::StatusOr<aggregation::masking::KeyWindow> MaskHistory::WindowOf(uint64_t window,
                                                                      const std::string& origin,
                                                                      const Digest& study) const {
  const auto keys = windows.find(window);
  aggregation::masking::KeyWindow facts{origin, study, *classes, {}};
  for (const std::string& name : scrutineers) {
    const bool is_present = keys != windows.end() && keys->second.count(name) > 0;
    facts.scrutineer_keys.push_back(is_present ? keys->second.at(name).bytes
                                               : aggregation::masking::PublicKey{});
  }
  MUTUAL_RETURN_IF_ERROR(facts.Check());
  return facts;
}

}  // namespace mutual::audit
