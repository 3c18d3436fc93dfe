// A member's value of a measure. Internal to the recipes.
#pragma once

#include <vector>

#include "study/schema.h"
#include "study/study_file.h"

namespace mutual::study {

// The member's value over the rows whose `by` column equals `category` (all rows when by < 0),
// clamped into the measure's bounds; NaN when no row is usable. A row with a missing or infinite
// value counts as absent. A category measure gives the index of the most frequent category.
double MemberValue(const MemberRows& rows, const Schema& schema, const Measure& measure, int by,
                   int category);

// The first `max_rows` rows: a recipe's bound holds whatever it is given.
MemberRows FirstRows(const MemberRows& rows, int max_rows);

// Standard error of a count of `count` members divided by the sampling rate q: its noise, and who
// was sampled, √(count·(1 − q)/q).
double CountError(double count, double noise_stddev, double sampling_rate);

}  // namespace mutual::study
