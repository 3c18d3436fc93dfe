// How much the results of a study differ from one simulation to the next.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace mutual::simulate {

// One figure over all repeats that finished.
struct SpreadFigure {
  std::string table, row, name, unit;
  uint64_t shown = 0, withheld = 0;  // repeats
  double mean = 0, low = 0, high = 0;
  double half_width = 0;  // 1.96 standard deviations over the repeats; 0 with one
  double stated = 0;  // mean of the 95 % half-widths that the results themselves state; 0 when none
};

// In the order of the first result that has the figure. `repeats`: as SimulationReport has them.
std::vector<SpreadFigure> SpreadOf(const std::vector<nlohmann::ordered_json>& repeats);

}  // namespace mutual::simulate
