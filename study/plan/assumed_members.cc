#include "study/plan/assumed_members.h"

#include <algorithm>
#include <cmath>

#include "study/plan/dice.h"

namespace mutual::study {
namespace {

constexpr double kMiddle = 0.3, kSpread = 0.15;
constexpr uint64_t kSeed = 20261128;

// The period column of the study's change recipe, or "".
std::string PeriodOf(const RecipeSpec& recipe) {
  if (const auto* change = std::get_if<ChangeSpec>(&recipe)) return change->period;
  if (const auto* joint = std::get_if<JointSpec>(&recipe)) {
    for (const RecipePart& part : joint->parts) {
      const std::string period = PeriodOf(part.recipe);
      if (!period.empty()) return period;
    }
  }
  return "";
}

double Drawn(const Column& column, Dice& dice) {
  if (column.type == ColumnType::kText) return kMissing;
  if (column.type == ColumnType::kCategory) {
    const auto categories = static_cast<double>(column.categories.size());
    return std::floor(dice.Uniform() * categories);
  }
  const double share = std::clamp(kMiddle + kSpread * dice.Normal(), 0.0, 1.0);
  const double value = column.lower + share * (column.upper - column.lower);
  return column.type == ColumnType::kInteger ? std::round(value) : value;
}

}  // namespace

MemberSample AssumedMembers(const Study& study, size_t count) {
  return AssumedMembers(study, count, kSeed);
}

MemberSample AssumedMembers(const Study& study, size_t count, uint64_t seed) {
  Dice dice(seed);
  const int period = study.schema.Find(PeriodOf(study.recipe));
  MemberSample members(count);
  for (std::vector<double>& member : members) {
    std::vector<double> row;
    for (const Column& column : study.schema.columns) row.push_back(Drawn(column, dice));
    for (int repeat = 0; repeat < (period < 0 ? 1 : 2); ++repeat) {
      for (size_t c = 0; c < row.size(); ++c) {
        const Column& column = study.schema.columns[c];
        const bool number = column.type == ColumnType::kReal || column.type == ColumnType::kInteger;
        if (static_cast<int>(c) == period) {
          row[c] = repeat;
        } else if (repeat > 0 && number) {
          row[c] = Drawn(column, dice);
        }
      }
      member.insert(member.end(), row.begin(), row.end());
    }
  }
  return members;
}

}  // namespace mutual::study
