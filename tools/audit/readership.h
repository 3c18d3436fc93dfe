// Who could read what of a study, and how its scrutineers behaved: for people and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/audit/history.h"

namespace mutual::audit {

// Sentences: who holds the masks, who could read single answers, tallies, disputes, lies. One
// sentence for a study without masks.
std::vector<std::string> ReadershipOf(const StudyHistory& study);
// scrutineers, threshold, tallied, outvoted, disputes; the same facts.
nlohmann::ordered_json ReadershipJson(const StudyHistory& study);

}  // namespace mutual::audit
