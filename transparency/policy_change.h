// Who must agree before a log's policy changes: the quorum of the old one.
#pragma once

#include <set>
#include <string>

#include "transparency/policy.h"

namespace mutual::transparency {

// Whether the witnesses of these names, as the policy calls them, meet its quorum. Always with
// "quorum none". Names that the policy does not know count for nothing.
bool MeetsQuorum(const Policy& policy, const std::set<std::string>& names);

}  // namespace mutual::transparency
