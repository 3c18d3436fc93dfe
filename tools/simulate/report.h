// What a simulation prints.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tools/simulate/simulation.h"

namespace mutual::simulate {

// Both say first, and the JSON in `noise` and `warning`, when there was no noise.
std::string TextOf(const SimulationRequest& request, const SimulationReport& report);
nlohmann::ordered_json JsonOf(const SimulationRequest& request, const SimulationReport& report);

}  // namespace mutual::simulate
