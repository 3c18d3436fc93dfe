// Do these samples look like a discrete Gaussian? One check, for start-up and for tests.
#pragma once

#include <cstdint>
#include <span>

#include "absl/status/status.h"

namespace mutual::privacy {

// Mean, variance, lag-1 correlation and a chi-square of `samples` (at least 2^14 of them)
// over about `bins` bins of nearly equal probability, against N_Z(0, stddev²). INTERNAL naming
// the statistic that is off. False failure rate below 1e-10: 7 standard deviations for
// the moments (2.6e-12 each); chi-square with k degrees against k + 2√(24k) + 48, exceeded with
// probability at most e^−24 = 4e-11 (Laurent and Massart 2000, lemma 1).
absl::Status CheckNoise(std::span<const int64_t> samples, int64_t stddev, int bins);

}  // namespace mutual::privacy
