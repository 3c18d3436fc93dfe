// A member's value of a measure. Internal to the recipes.
#pragma once

#include <string>
#include <vector>

#include "study/schema.h"
#include "study/study_file.h"

namespace mutual::study {

// The member's value over the rows whose `by` column equals `category` (all rows when by < 0),
// clamped into the measure's bounds; NaN when no row is usable. A row with a missing or infinite
// value counts as absent. A category measure gives the index of the most frequent category.
double MemberValue(const MemberRows& rows, const Schema& schema, const Measure& measure, int by,
                   int category);

// The member's most frequent category of a category column, or -1 when all are missing.
int MemberCategory(const MemberRows& rows, const Schema& schema, const std::string& column);

// One row for the member: of each number column the mean over the usable rows, clamped into its
// bounds, of each category column the most frequent; NaN where there is none.
std::vector<double> MemberRecord(const MemberRows& rows, const Schema& schema);

// The bin of `edges` that holds x: a value on an edge belongs to the bin above, the last edge to
// the last bin; what lies outside, to the nearest.
size_t BinOf(const std::vector<double>& edges, double x);

// "10 to 12", with the digits that tell neighbours apart.
std::vector<std::string> BinNames(const std::vector<double>& edges);

// The first `max_rows` rows: a recipe's bound holds whatever it is given.
MemberRows FirstRows(const MemberRows& rows, int max_rows);

// Standard error of a count of `count` members divided by the sampling rate q: its noise, and who
// was sampled, √(count·(1 − q)/q).
double CountError(double count, double noise_stddev, double sampling_rate);

}  // namespace mutual::study
