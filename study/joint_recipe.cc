#include "study/joint_recipe.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"

namespace mutual::study {
namespace {

struct Part {
  std::string name;
  std::unique_ptr<Recipe> recipe;
  double scale;  // of its vector in the joint one
};

class JointRecipe final : public Recipe {
 public:
  JointRecipe(int min_nodes, std::vector<Part> parts)
      : Recipe(min_nodes), parts_(std::move(parts)) {
    for (const Part& part : parts_) dimension_ += part.recipe->dimension();
  }

  uint64_t dimension() const override { return dimension_; }
  double member_bound() const override { return 1; }
  bool needs_model() const override { return false; }

  absl::Status MemberVector(const MemberRows& rows, std::span<double> out) const override {
    size_t at = 0;
    for (const Part& part : parts_) {
      const std::span<double> values = out.subspan(at, part.recipe->dimension());
      MUTUAL_RETURN_IF_ERROR(part.recipe->MemberVector(rows, values));
      for (double& value : values) value *= part.scale;
      at += values.size();
    }
    return absl::OkStatus();
  }

 private:
  Result Read(const ReleasedSum& sum) const override {
    Result result;
    size_t at = 0;
    for (const Part& part : parts_) {
      const auto first = sum.values.begin() + static_cast<long>(at);
      at += part.recipe->dimension();
      ReleasedSum own{{first, sum.values.begin() + static_cast<long>(at)},
                      sum.noise_stddev / part.scale,
                      sum.nodes};
      for (double& value : own.values) value /= part.scale;
      const auto found = part.recipe->Finish(own);  // never fails: the length is the part's
      if (found.ok()) Append(part.name, *found, &result);
    }
    return result;
  }

  static void Append(const std::string& name, const Result& part, Result* result) {
    for (const std::string& sentence : part.sentences) {
      result->sentences.push_back(name + ": " + sentence);
    }
    for (const ResultTable& table : part.tables) {
      result->tables.push_back({name + ": " + table.title, table.key_columns, table.rows});
    }
    for (const Withheld& withheld : part.withheld) {
      result->withheld.push_back({name + ": " + withheld.table, withheld.cell, withheld.reason});
    }
  }

  std::vector<Part> parts_;
  uint64_t dimension_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Recipe>> MakeJointRecipe(const Study& study) {
  std::vector<Part> parts;
  Study own = study;
  own.text.clear();
  for (const RecipePart& part : std::get<JointSpec>(study.recipe).parts) {
    own.recipe = part.recipe;
    MUTUAL_ASSIGN_OR_RETURN(std::unique_ptr<Recipe> recipe, MakeRecipe(own));
    const double scale = std::sqrt(part.share) / recipe->member_bound();
    parts.push_back({part.name, std::move(recipe), scale});
  }
  return std::make_unique<JointRecipe>(study.cohort.min_nodes, std::move(parts));
}

}  // namespace mutual::study
