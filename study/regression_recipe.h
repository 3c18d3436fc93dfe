// Regression coefficients with standard errors, from one sum.
#pragma once

#include <memory>

#include "study/recipe.h"

namespace mutual::study {

// linear: the products of study/normal_equations.h, whose bound is there. logistic and poisson:
// cells of public bins, see study/grouped_model.h.
absl::StatusOr<std::unique_ptr<Recipe>> MakeRegressionRecipe(const Study& study);

}  // namespace mutual::study
