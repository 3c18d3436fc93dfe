// Rules that a well-typed study must still meet, and reading of [recipe]. Internal to study/.
#pragma once

#include <vector>

#include "study/study_file.h"
#include "study/toml_reader.h"

namespace mutual::study {

struct LintLines {
  int privacy, cohort, recipe;  // where the sections begin
};

// Reads [recipe] of any kind; unknown columns and wrong types become problems.
RecipeSpec ReadRecipe(const toml::table& table, const Schema& schema,
                      std::vector<Problem>* problems);

// Schema, privacy, cohort and vector length.
void CheckStudy(const Study& study, const LintLines& lines, LintResult* result);

}  // namespace mutual::study
