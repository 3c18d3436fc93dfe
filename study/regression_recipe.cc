#include "study/regression_recipe.h"

#include "base/status.h"
#include "study/regression_kinds.h"

namespace mutual::study {

absl::StatusOr<std::unique_ptr<Recipe>> MakeRegressionRecipe(const Study& study) {
  const auto& spec = std::get<RegressionSpec>(study.recipe);
  TrainSpec terms;
  terms.model = spec.model;
  terms.features = spec.features;
  terms.target = spec.target;
  terms.target_class = spec.target_class;
  MUTUAL_ASSIGN_OR_RETURN(FeatureMap map, FeatureMap::Create(study.schema, terms));
  return spec.model == ModelKind::kLinear ? MakeLinearRegression(study, std::move(map))
                                          : MakeGroupedRegression(study, std::move(map));
}

}  // namespace mutual::study
