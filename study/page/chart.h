// Charts of a result's tables as inline SVG: dots or bars with their 95 % intervals.
#pragma once

#include <string>

#include "study/result.h"

namespace mutual::study {

// The text with & < > " as HTML entities.
std::string Html(const std::string& text);

// Whether the columns "95% low" and "95% high" of a row, where there are any, belong to this
// estimate.
bool IsBanded(const Estimate& estimate);

// The chart of a table's telling estimate: a share, mean, rate or quantile where there is one, else
// the count. Bars from zero for counts, dots for all else; withheld rows say so. Up to 24 rows
// horizontally, more as columns. Empty for a table that a chart would not help (one row, no
// numbers). Colours come from the page's style (classes mark, line, grid, label).
std::string ChartOf(const ResultTable& table);

}  // namespace mutual::study
