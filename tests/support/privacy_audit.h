// What an empirical audit proves: a lower bound on epsilon from many runs on two neighbours.
//
// Any event E proves epsilon >= ln((P(E | with) − delta)/P(E | without)). The events are
// half-lines above thresholds, both ways round; probabilities are bounded by Chernoff's inequality at
// e^-16 each. With t thresholds a mechanism whose true epsilon equals the claim is wrongly
// accused with probability at most 4·t·e^-16: 3e-5 for 60.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

namespace mutual::testing {

struct AuditPlan {
  int trials;
  double delta;
  std::vector<double> thresholds;  // increasing
};

// Chernoff: the expected count is at least, at most this unless an event of e^-16 happened.
inline double AtLeastExpected(double count) { return count - std::sqrt(2 * 16 * count); }
inline double AtMostExpected(double count) {
  return count + 16 + std::sqrt(2 * 16 * count + 16 * 16);
}

// How many of the runs end above each threshold, and how many do not.
struct AuditCounts {
  std::vector<double> above, below;
};
inline AuditCounts CountRuns(const AuditPlan& plan, const std::function<double()>& run) {
  AuditCounts counts;
  counts.above.assign(plan.thresholds.size(), 0.0);
  for (int trial = 0; trial < plan.trials; ++trial) {
    const double result = run();
    for (size_t i = 0; i < counts.above.size() && result > plan.thresholds[i]; ++i) {
      counts.above[i] += 1;
    }
  }
  for (const double above : counts.above) counts.below.push_back(plan.trials - above);
  return counts;
}

// The largest epsilon that the runs prove. `with` has one member more than `without`; events
// where either is the likelier are tried, so both directions of the adjacency are.
inline double ProvenEpsilon(const AuditPlan& plan, const AuditCounts& with,
                            const AuditCounts& without) {
  double best = 0;
  const auto attempt = [&](double likely, double unlikely) {
    const double surplus = AtLeastExpected(likely) - plan.delta * plan.trials;
    if (surplus > 0) best = std::max(best, std::log(surplus / AtMostExpected(unlikely)));
  };
  for (size_t i = 0; i < plan.thresholds.size(); ++i) {
    attempt(with.above[i], without.above[i]);
    attempt(without.below[i], with.below[i]);
  }
  return best;
}

}  // namespace mutual::testing
