#include "study/lint.h"

#include <set>

#include "absl/strings/str_format.h"
#include "study/recipe.h"

namespace mutual::study {
namespace {

constexpr uint64_t kMaxDimension = 1 << 25;

void CheckColumns(const Schema& schema, LintResult* result) {
  std::set<std::string> names{schema.member_column};
  if (schema.columns.empty()) {
    result->problems.push_back({0, "MISSING_KEY", "the study asks for no column; add [[data.column]]"});
  }
  for (const Column& column : schema.columns) {
    if (!names.insert(column.name).second) {
      result->problems.push_back({column.line, "REPEATED_COLUMN",
                                  absl::StrFormat("column \"%s\" stands twice", column.name)});
    }
    const std::set<std::string> distinct(column.categories.begin(), column.categories.end());
    if (distinct.size() != column.categories.size()) {
      result->problems.push_back(
          {column.line, "REPEATED_CATEGORY",
           absl::StrFormat("column \"%s\" lists a category twice", column.name)});
    }
    if (column.type == ColumnType::kCategory && column.categories.size() < 2) {
      result->problems.push_back(
          {column.line, "TOO_FEW_CATEGORIES",
           absl::StrFormat("column \"%s\" needs at least two categories", column.name)});
    }
  }
}

void CheckPrivacy(const Study& study, int line, LintResult* result) {
  const PrivacySpec& privacy = study.privacy;
  const auto impossible = [&](const std::string& message) {
    result->problems.push_back({line, "IMPOSSIBLE_PRIVACY", message});
  };
  if (!privacy.target_epsilon_node &&
      !(privacy.noise_multiplier >= 0.2 && privacy.noise_multiplier <= 1000)) {
    impossible(absl::StrFormat("noise_multiplier is %g, want 0.2 to 1000",
                               privacy.noise_multiplier));
  }
  if (privacy.target_epsilon_node && !(*privacy.target_epsilon_node > 0)) {
    impossible("target_epsilon_node must be above 0");
  }
  if (!(privacy.delta > 0 && privacy.delta <= 1e-3)) {
    impossible(absl::StrFormat("delta is %g, want above 0 and at most 0.001", privacy.delta));
  }
  if (!(privacy.sampling_rate > 0 && privacy.sampling_rate <= 1)) {
    impossible(absl::StrFormat("sampling_rate is %g, want above 0 and at most 1",
                               privacy.sampling_rate));
  }
  if (privacy.max_rows < 1 || privacy.max_rows > 4096) {
    impossible(absl::StrFormat("max_rows is %d, want 1 to 4096", privacy.max_rows));
  }
  const bool trains = std::holds_alternative<TrainSpec>(study.recipe);
  if (trains && !(privacy.clip && *privacy.clip > 0)) {
    impossible("a training study needs clip, the largest gradient norm of one member, above 0");
  }
  if (!trains && privacy.clip) {
    impossible("clip belongs to training studies only; remove it");
  }
}

void CheckCohort(const CohortSpec& cohort, int line, LintResult* result) {
  if (cohort.assumed_colluders < 1) {
    result->problems.push_back({line, "COHORT", "assumed_colluders must be at least 1"});
  }
  if (cohort.min_nodes < cohort.assumed_colluders + 2 || cohort.min_nodes > 1000) {
    result->problems.push_back(
        {line, "COHORT",
         absl::StrFormat("min_nodes is %d, want at least assumed_colluders + 2 = %d and at most "
                         "1000: with fewer, colluding nodes could read an honest one's sum",
                         cohort.min_nodes, cohort.assumed_colluders + 2)});
  }
}

}  // namespace

void CheckStudy(const Study& study, const LintLines& lines, LintResult* result) {
  CheckColumns(study.schema, result);
  CheckPrivacy(study, lines.privacy, result);
  CheckCohort(study.cohort, lines.cohort, result);
  if (!result->problems.empty()) return;
  const auto recipe = MakeRecipe(study);
  if (!recipe.ok()) {
    result->problems.push_back({lines.recipe, "RECIPE", std::string(recipe.status().message())});
    return;
  }
  if ((*recipe)->dimension() > kMaxDimension) {
    result->problems.push_back(
        {lines.recipe, "VECTOR_TOO_LONG",
         absl::StrFormat("the study asks for %d numbers a round, at most %d are possible; use fewer "
                         "bins, categories or parameters",
                         (*recipe)->dimension(), kMaxDimension)});
  }
}

}  // namespace mutual::study
