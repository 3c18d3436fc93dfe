#include "study/clip_rule.h"

#include <algorithm>
#include <cmath>

namespace mutual::study {
namespace {

// Where the rule leads when every round has the same share. Stops early at the end of its range.
double Extreme(const ClipRule& rule, double clip, uint64_t steps, double share) {
  for (; steps > 0; --steps) {
    const double next = NextClip(rule, clip, share);
    if (next == clip) break;
    clip = next;
  }
  return clip;
}

}  // namespace

double JointBound(const ClipRule& rule, double first_clip) {
  const double half = 0.5 * rule.weight;
  return first_clip * std::sqrt(1 + half * half);
}

double NextClip(const ClipRule& rule, double clip, double share) {
  const double u = rule.rate * (rule.quantile - std::clamp(share, 0.0, 1.0));
  return std::clamp(clip * ((2 + u) / (2 - u)), rule.lowest, rule.highest);
}

// Every operation of the rule is monotone in the share and in the clip, its rounding too.
bool IsReachable(const ClipRule& rule, double first_clip, uint64_t round, double clip) {
  if (round == 0) return false;
  return clip >= Extreme(rule, first_clip, round - 1, 1) &&
         clip <= Extreme(rule, first_clip, round - 1, 0);
}

}  // namespace mutual::study
