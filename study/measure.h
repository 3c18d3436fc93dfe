// A member's value of a measure. Internal to the recipes.
#pragma once

#include <vector>

#include "study/schema.h"
#include "study/study_file.h"

namespace mutual::study {

// The member's value over the rows whose `by` column equals `category` (all rows when by < 0), clamped into the
// measure's bounds; NaN when no row is usable. A category measure gives the most frequent category's index.
double MemberValue(const MemberRows& rows, const Schema& schema, const Measure& measure, int by,
                   int category);

}  // namespace mutual::study
