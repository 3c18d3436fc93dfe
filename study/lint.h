// Reading of the sections of a study file, and the rules between them. Internal to study/.
#pragma once

#include <string>
#include <vector>

#include "study/study_file.h"
#include "study/table_reader.h"

namespace mutual::study {

// Columns of [data]; their names, bounds and categories are checked.
Schema ReadSchema(TableReader& data);

// Reads [recipe] of any kind; unknown columns and values out of range become problems.
RecipeSpec ReadRecipe(const TomlValue& table, const Schema& schema, std::vector<Problem>* problems);
TrainSpec ReadTrain(TableReader& reader, const Schema& schema);
// `columns` and [[recipe.ratio]] of a statistic; `categories`: whether category columns may stand
// there.
std::vector<Measure> ReadMeasures(TableReader& reader, const Schema& schema, bool categories);

// The vector of a study whose [data] and [recipe] have no problems: its length, whether with its
// noise it fits the ring modulo 2^32, and a warning when few members saturate it. `line` is that of
// [recipe].
void CheckVector(const Study& study, int line, LintResult* result);

}  // namespace mutual::study
