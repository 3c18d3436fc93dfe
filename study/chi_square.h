// Tests of independence on noisy counts. Internal to the recipes.
#pragma once

#include <vector>

#include "study/symmetric.h"

namespace mutual::study {

// The chance that a chi-square variable of `degrees` > 0 degrees of freedom exceeds `value`, within
// 1e-12.
double ChiSquareTail(double value, double degrees);

// Counts of a contingency table, row-major.
struct NoisyCells {
  size_t rows = 0, columns = 0;
  std::vector<double> counts;
  double noise_stddev = 0;   // of each count
  double sampling_rate = 1;  // the counts were divided by it
};

struct Independence {
  double statistic, degrees, tail;
};

// A Wald test of rows against columns: with the residuals r = O − E, E = row·column/total, and
// V their covariance under independence from sampling (multinomial) and noise together,
// X² = rᵀV⁻¹r is chi-square with (rows − 1)(columns − 1) degrees. Without noise X² is Pearson's.
// Needs two rows and columns, each margin positive; nothing when V cannot be inverted.
std::optional<Independence> TestIndependence(const NoisyCells& cells);

}  // namespace mutual::study
