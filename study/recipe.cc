#include "study/recipe.h"

#include "study/histogram_recipe.h"
#include "study/mean_recipe.h"
#include "study/train_recipe.h"

namespace mutual::study {

absl::StatusOr<std::unique_ptr<Recipe>> MakeRecipe(const Study& study) {
  if (std::holds_alternative<MeanSpec>(study.recipe)) return MakeMeanRecipe(study);
  if (std::holds_alternative<HistogramSpec>(study.recipe)) return MakeHistogramRecipe(study);
  return MakeTrainRecipe(study);
}

}  // namespace mutual::study
