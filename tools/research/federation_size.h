// Who would take part in a study that is planned.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace mutual::research {

// Members of each organisation. `members`: "250" (of each of `nodes`), "120,80,300" (`nodes` is not
// needed), or "lognormal:MEDIAN:SIGMA" (sizes drawn with a fixed seed). INVALID_ARGUMENT
// PLAN_MEMBERS.
absl::StatusOr<std::vector<double>> ParseMembers(const std::string& members, int nodes);
// One number a line.
absl::StatusOr<std::vector<double>> ReadMembers(const std::string& path);

}  // namespace mutual::research
