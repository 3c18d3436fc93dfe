// The kinds of the regression recipe. Internal to it.
#pragma once

#include <memory>
#include <vector>

#include "study/feature.h"
#include "study/recipe.h"

namespace mutual::study {

std::unique_ptr<Recipe> MakeLinearRegression(const Study& study, FeatureMap map);
std::unique_ptr<Recipe> MakeGroupedRegression(const Study& study, FeatureMap map);

// Public cells of the features of a logistic or poisson regression: the product of their bins,
// first feature slowest.
class FeatureCells {
 public:
  FeatureCells(const Schema& schema, const RegressionSpec& spec);
  size_t size() const { return size_; }
  // The cell of a row, or size() when a value is missing.
  size_t CellOf(const MemberRows& rows, size_t row) const;
  // A row of the schema whose features have the middle of each bin.
  std::vector<double> Middle(size_t cell) const;

 private:
  struct Axis {
    size_t column;
    std::vector<double> edges;  // empty for a category
    size_t bins;
  };
  std::vector<Axis> axes_;
  size_t columns_;
  size_t size_ = 1;
};

}  // namespace mutual::study
