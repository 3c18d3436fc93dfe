// What recipes that need no model have in common. Internal to the recipes.
#pragma once

#include <string>
#include <vector>

#include "study/recipe.h"

namespace mutual::study {

// Reads at most max_rows rows of a member into a vector that begins as zeros. Immutable.
class Statistic : public Recipe {
 public:
  explicit Statistic(const Study& study);
  bool needs_model() const final { return false; }
  absl::Status MemberVector(const MemberRows& rows, std::span<double> out) const final;

 protected:
  const Schema& schema() const { return schema_; }
  double sampling_rate() const { return sampling_rate_; }
  // Position of a column; -1 for the empty name.
  int PositionOf(const std::string& column) const { return schema_.Find(column); }
  // Categories of `by`, or "all members" when it is empty.
  std::vector<std::string> GroupNames(const std::string& by) const;
  // Of how many of `groups` groups of rows a member can be at most.
  size_t GroupsOfMember(size_t groups) const;

 private:
  virtual void Fill(const MemberRows& rows, std::span<double> out) const = 0;
  Schema schema_;
  int max_rows_;
  double sampling_rate_;
};

}  // namespace mutual::study
