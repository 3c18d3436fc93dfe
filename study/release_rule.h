// What may be released of a sum. Applied to the aggregate inside Recipe::Finish;
// docs/recipes/README.md lists the rules. Internal to the recipes.
#pragma once

#include <string>

#include "study/result.h"

namespace mutual::study {

// A cell counts at least this many members, noise included, or it is withheld.
inline constexpr double kLeastCount = 10;
inline constexpr char kTooFew[] = "fewer than 10 members are counted, noise included";
inline constexpr char kTooNoisy[] = "too few members are known to be behind it for its noise";

// Whether a count may be shown.
inline bool IsCountReleasable(double count) { return count >= kLeastCount; }

// Whether a figure that rests on this count may be shown: it must also be known to be there, three
// standard deviations of its own noise above zero.
inline bool IsFigureReleasable(double count, double count_noise) {
  return count >= kLeastCount && count >= 3 * count_noise;
}

// The reason why a figure is not releasable.
inline const char* ReasonOf(double count) { return count >= kLeastCount ? kTooNoisy : kTooFew; }

// Takes the numbers of `row` away, but for its keys, and lists it in `result` with the reason.
void Withhold(const std::string& reason, const std::string& table, ResultRow* row, Result* result);

}  // namespace mutual::study
