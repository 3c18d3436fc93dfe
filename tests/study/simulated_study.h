// Whole studies simulated at the recipe: members drawn, summed, noised, finished.
#pragma once

#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "tests/catch.h"
#include "tests/study/example_study.h"

namespace mutual::study {

using Random = std::mt19937_64;

struct Simulation {
  const Recipe& recipe;
  double noise_stddev;  // of each value
  size_t members;
  std::function<Member(Random&)> draw;
};

inline std::vector<Member> DrawMembers(const Simulation& simulation, Random& random) {
  std::vector<Member> members;
  for (size_t i = 0; i < simulation.members; ++i) members.push_back(simulation.draw(random));
  return members;
}

inline Result RunOnce(const Simulation& simulation, Random& random) {
  ReleasedSum sum = SumOf(simulation.recipe, DrawMembers(simulation, random));
  std::normal_distribution<double> noise(0, 1);
  for (double& value : sum.values) value += simulation.noise_stddev * noise(random);
  sum.noise_stddev = simulation.noise_stddev;
  return *simulation.recipe.Finish(sum);
}

// The estimate at a row (keys joined by " / ") of a table; nothing when there is none.
inline std::optional<Estimate> Find(const Result& result, const std::string& table,
                                    const std::string& row, const std::string& estimate) {
  for (const ResultTable& found : result.tables) {
    if (found.title != table) continue;
    for (const ResultRow& line : found.rows) {
      std::string keys;
      for (const std::string& key : line.keys) keys += (keys.empty() ? "" : " / ") + key;
      if (keys != row) continue;
      for (const Estimate& one : line.estimates) {
        if (one.name == estimate) return one;
      }
    }
  }
  return std::nullopt;
}

// One figure of a study and what it is in truth.
struct Truth {
  std::string table, row, estimate;
  double value;
};

inline bool IsInside(const Result& result, const Truth& truth) {
  const auto estimate = Find(result, truth.table, truth.row, truth.estimate);
  if (!estimate || !std::isfinite(estimate->value)) return false;
  const auto low = Find(result, truth.table, truth.row, "95% low");
  const auto high = Find(result, truth.table, truth.row, "95% high");
  if (low && high &&
      (truth.estimate == "value" || truth.estimate == "ratio" || truth.estimate == "survival")) {
    return low->value <= truth.value && truth.value <= high->value;
  }
  return std::abs(estimate->value - truth.value) <= 1.96 * estimate->standard_error;
}

// 200 simulated studies: each truth lies in 180 to 198 of its intervals. An interval that is right
// in 95 of 100 cases fails this with a chance of 0.2 %; the seed is fixed.
inline void RequireCoverage(const Simulation& simulation, const std::vector<Truth>& truths,
                            uint64_t seed) {
  constexpr int kRuns = 200;
  Random random(seed);
  std::vector<int> inside(truths.size());
  for (int run = 0; run < kRuns; ++run) {
    const Result result = RunOnce(simulation, random);
    for (size_t i = 0; i < truths.size(); ++i) inside[i] += IsInside(result, truths[i]) ? 1 : 0;
  }
  for (size_t i = 0; i < truths.size(); ++i) {
    INFO(truths[i].table << ", " << truths[i].row << ", " << truths[i].estimate << ": " << inside[i]
                         << " of " << kRuns);
    CHECK(inside[i] >= 180);
    CHECK(inside[i] <= 198);
  }
}

// No rows whatever take a member's vector over the bound.
inline void RequireBound(const Recipe& recipe, size_t columns) {
  Random random(7);
  std::vector<double> vector(recipe.dimension());
  double largest = 0;
  for (int i = 0; i < 20000; ++i) {
    REQUIRE_OK(recipe.MemberVector(ExtremeMember(random, columns).rows(), vector));
    largest = std::max(largest, Norm(vector));
  }
  CHECK(largest <= recipe.member_bound() * (1 + 1e-14));
  CHECK(largest > 0);
}

inline void RequireValue(const Result& result, const Truth& truth) {
  INFO(truth.table << ", " << truth.row << ", " << truth.estimate);
  const auto estimate = Find(result, truth.table, truth.row, truth.estimate);
  REQUIRE(estimate.has_value());
  CHECK_THAT(estimate->value, WithinAbs(truth.value, 1e-9 * std::max(1.0, std::abs(truth.value))));
}

}  // namespace mutual::study
