#include "study/recipe.h"

#include <array>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "study/change_recipe.h"
#include "study/gap_recipe.h"
#include "study/histogram_recipe.h"
#include "study/inequality_recipe.h"
#include "study/joint_recipe.h"
#include "study/mean_recipe.h"
#include "study/quantile_recipe.h"
#include "study/rate_recipe.h"
#include "study/regression_recipe.h"
#include "study/release_rule.h"
#include "study/survival_recipe.h"
#include "study/table_recipe.h"
#include "study/train_recipe.h"

namespace mutual::study {
namespace {

using Maker = absl::StatusOr<std::unique_ptr<Recipe>> (*)(const Study&);

struct Kind {
  std::string_view name;
  Maker make;
};

// In the order of RecipeSpec.
constexpr std::array<Kind, std::variant_size_v<RecipeSpec>> kKinds = {{
    {"mean", MakeMeanRecipe},
    {"histogram", MakeHistogramRecipe},
    {"train", MakeTrainRecipe},
    {"quantile", MakeQuantileRecipe},
    {"table", MakeTableRecipe},
    {"inequality", MakeInequalityRecipe},
    {"rate", MakeRateRecipe},
    {"survival", MakeSurvivalRecipe},
    {"change", MakeChangeRecipe},
    {"regression", MakeRegressionRecipe},
    {"gap", MakeGapRecipe},
    {"joint", MakeJointRecipe},
}};

}  // namespace

std::string_view KindName(const RecipeSpec& spec) { return kKinds[spec.index()].name; }

absl::StatusOr<std::unique_ptr<Recipe>> MakeRecipe(const Study& study) {
  return kKinds[study.recipe.index()].make(study);
}

absl::StatusOr<Result> Recipe::Finish(const ReleasedSum& sum) const {
  if (sum.values.size() != dimension()) {
    return Internal("the recipe got %d values, want %d", sum.values.size(), dimension());
  }
  if (sum.nodes >= min_nodes_) return Read(sum);
  Result result;
  const std::string reason = absl::StrFormat("fewer than %d organisations took part", min_nodes_);
  result.sentences.push_back("Nothing is released: " + reason + ".");
  result.withheld.push_back({"everything", "", reason});
  return result;
}

}  // namespace mutual::study
