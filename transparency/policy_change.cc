#include "transparency/policy_change.h"

#include <algorithm>

namespace mutual::transparency {

bool MeetsQuorum(const Policy& policy, const std::set<std::string>& names) {
  if (policy.quorum() == "none") return true;
  std::set<std::string> reached = names;
  for (const PolicyGroup& group : policy.groups()) {  // members are defined before their group
    reached.erase(group.name);                        // no witness's name
    const auto count =
        std::count_if(group.members.begin(), group.members.end(),
                      [&](const std::string& name) { return reached.count(name) > 0; });
    if (static_cast<size_t>(count) >= group.threshold) reached.insert(group.name);
  }
  return reached.count(policy.quorum()) > 0;
}

}  // namespace mutual::transparency
