#include "study/release_rule.h"

#include <cmath>

namespace mutual::study {

void Withhold(const std::string& reason, const std::string& table, ResultRow* row, Result* result) {
  for (Estimate& estimate : row->estimates) {
    estimate.value = std::nan("");
    estimate.standard_error = 0;
  }
  std::string cell;
  for (const std::string& key : row->keys) cell += (cell.empty() ? "" : " / ") + key;
  result->withheld.push_back({table, cell, reason});
}

}  // namespace mutual::study
