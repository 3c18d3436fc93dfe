// Quantiles of noisy counts in bins. Internal to the recipes.
#pragma once

#include <vector>

namespace mutual::study {

// Counts of members in bins [edges[i], edges[i + 1]).
struct BinnedCounts {
  std::vector<double> edges;   // increasing, one more than counts
  std::vector<double> counts;  // noisy
  double noise_stddev = 0;     // of each count
  double sampling_rate = 1;    // the counts were divided by it
};

struct Quantile {
  double value;
  double low, high;  // 95 % band: noise, and who happened to be counted
  double
      bin_width;  // of the bin that holds the value: within it members are taken as evenly spread
};

// The nearest non-decreasing sequence in least squares (pool adjacent violators; Barlow et al.
// 1972), as a monotone estimate of noisy cumulative counts.
std::vector<double> Isotonic(std::vector<double> values);

// For each q in (0, 1): where the isotonic cumulative count reaches q of its total, linear inside
// bins, the middle where it is flat. Non-decreasing in q, inside the edges. The band inverts the
// same curve at the rank ± 1.96 of its standard error. Empty when the total says nothing: below 10
// members or three standard deviations of its own noise.
std::vector<Quantile> QuantilesOf(const BinnedCounts& bins, const std::vector<double>& wanted);

}  // namespace mutual::study
