// Reading of the sections of a study file, and the rules between them. Internal to study/.
#pragma once

#include <string>
#include <vector>

#include "study/study_file.h"
#include "study/table_reader.h"

namespace mutual::study {

// Columns of [data]; their names, bounds and categories are checked.
Schema ReadSchema(TableReader& data);

// Reads [recipe] of any kind, or several [[recipe]]; unknown columns and values out of range become
// problems.
RecipeSpec ReadRecipe(const TomlValue& table, const Schema& schema, std::vector<Problem>* problems);
JointSpec ReadRecipes(const TomlValue& array, const Schema& schema, std::vector<Problem>* problems);
TrainSpec ReadTrain(TableReader& reader, const Schema& schema);
// local_steps and what belongs to it. After `rounds`.
void ReadLocalSteps(TableReader& reader, TrainSpec* spec);
// The keys of mlp, cnn and text; and whether they fit the columns.
void ReadNetwork(TableReader& reader, TrainSpec* spec);
void CheckNetwork(TableReader& reader, const Schema& schema, const TrainSpec& spec);
QuantileSpec ReadQuantile(TableReader& reader, const Schema& schema);
TableSpec ReadTable(TableReader& reader, const Schema& schema);
InequalitySpec ReadInequality(TableReader& reader, const Schema& schema);
RateSpec ReadRate(TableReader& reader, const Schema& schema);
SurvivalSpec ReadSurvival(TableReader& reader, const Schema& schema);
ChangeSpec ReadChange(TableReader& reader, const Schema& schema);
RegressionSpec ReadRegression(TableReader& reader, const Schema& schema);
GapSpec ReadGap(TableReader& reader, const Schema& schema);

// `columns` and [[recipe.ratio]] of a statistic; `categories`: whether category columns may stand
// there.
std::vector<Measure> ReadMeasures(TableReader& reader, const Schema& schema, bool categories);
// The same, of which there must be one that is a number.
Measure ReadMeasure(TableReader& reader, const Schema& schema);
// A column that must be a category, or a number. Nothing when it was reported.
const Column* ReadCategoryColumn(TableReader& reader, const Schema& schema, const std::string& key);
const Column* ReadNumberColumn(TableReader& reader, const Schema& schema, const std::string& key);
// The name of an optional category column; empty without.
std::string ReadBy(TableReader& reader, const Schema& schema);
// Shares in (0, 1).
std::vector<double> ReadShares(TableReader& reader, const std::string& key);
// Edges of `bins` equal bins from `lower` to `upper`.
std::vector<double> EqualBins(double lower, double upper, int bins);

// No category may be an organisation that the study names: its figure would be one organisation's.
void CheckOrganisations(const Study& study, LintResult* result);

// The vector of a study whose [data] and [recipe] have no problems: its length, whether with its
// noise it fits the ring modulo 2^32, and a warning when few members saturate it. `line` is that of
// [recipe].
void CheckVector(const Study& study, int line, LintResult* result);

}  // namespace mutual::study
