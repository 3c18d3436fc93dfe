#include "study/lint.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "study/organisation_figure.h"
#include "study/recipe.h"

namespace mutual::study {
namespace {

constexpr uint64_t kMostValues = 1 << 25;
constexpr uint64_t kMostCells = 1 << 20;  // a statistic's result is a table that people read
constexpr double kFewMembers = 10000;

// Grid units of the round (PRIVACY.md section 2), as close as the file alone can tell.
struct Units {
  double least_noise;  // the smallest standard deviation that gives the noise multiplier
  double noise;        // the power of two that is used
  double clamp;        // largest value of one coordinate of one node
};

Units UnitsOf(const Study& study, const Recipe& recipe) {
  const double root = std::sqrt(static_cast<double>(recipe.dimension()));
  const double sensitivity = (recipe.needs_model() ? 101 : 100.5) * root;
  const double nodes = study.cohort.min_nodes;
  Units units{};
  units.least_noise = study.privacy.noise_multiplier * std::ceil(sensitivity);
  units.noise = std::max(64.0, std::exp2(std::ceil(std::log2(units.least_noise))));
  units.clamp = std::floor((0x1p31 - 8 * units.noise * std::sqrt(nodes)) / nodes);
  return units;
}

void CheckRing(const Study& study, const Recipe& recipe, int line, LintResult* result) {
  const Units units = UnitsOf(study, recipe);
  const double member = std::floor(units.noise / study.privacy.noise_multiplier);
  if (units.least_noise > 0x1p26 || units.clamp < member) {
    result->problems.push_back(
        {line, "VECTOR_TOO_LONG",
         absl::StrFormat("%d numbers with noise_multiplier %g from %d nodes do not fit sums modulo "
                         "2^32; use fewer bins, categories or parameters, or less noise",
                         recipe.dimension(), study.privacy.noise_multiplier,
                         study.cohort.min_nodes)});
    return;
  }
  if (recipe.needs_model()) return;
  const double per_member = units.noise / (study.privacy.noise_multiplier * recipe.member_bound());
  const double members = units.clamp / per_member;
  if (members < kFewMembers) {
    result->warnings.push_back(
        {line, "SATURATION_LIKELY",
         absl::StrFormat(
             "a node with more than about %.0f members in one bin would be counted short; "
             "use fewer bins or fewer columns",
             members)});
  }
}

}  // namespace

void CheckOrganisations(const Study& study, LintResult* result) {
  const auto problem = OrganisationFigure(study, study.scrutineers.organisations);
  if (problem) result->problems.push_back(*problem);
}

void CheckVector(const Study& study, int line, LintResult* result) {
  const auto recipe = MakeRecipe(study);
  if (!recipe.ok()) {
    result->problems.push_back({line, "RECIPE", std::string(recipe.status().message())});
    return;
  }
  const uint64_t most = (*recipe)->needs_model() ? kMostValues : kMostCells;
  if ((*recipe)->dimension() > most) {
    result->problems.push_back(
        {line, "VECTOR_TOO_LONG",
         absl::StrFormat(
             "the study asks for %d numbers a round, at most %d are possible; use fewer "
             "bins, categories or parameters",
             (*recipe)->dimension(), most)});
    return;
  }
  const bool known = study.privacy.noise_multiplier > 0 && study.privacy.max_rows > 0 &&
                     study.cohort.min_nodes > 0;
  if (known) CheckRing(study, **recipe, line, result);
}

}  // namespace mutual::study
