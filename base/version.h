// The version of all programs of this build, as it stands in the log's software entries.
#pragma once

#include <string>

namespace mutual {

std::string Version();  // e.g. "0.1.0"

}  // namespace mutual
