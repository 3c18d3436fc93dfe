// Study files and members for tests.
#pragma once

#include <cmath>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "study/recipe.h"
#include "study/study_file.h"

namespace mutual::study {

inline absl::Time Today() {
  return absl::FromCivil(absl::CivilDay(2030, 6, 1), absl::UTCTimeZone());
}

// Stands for the accountant: any target is met by 2, but epsilon below 0.001 by nothing.
inline NoiseSolver FakeSolver() {
  return [](double epsilon, double, double, uint64_t) -> absl::StatusOr<double> {
    if (epsilon < 0.001) return absl::OutOfRangeError("no noise in [0.2, 1000] gives that epsilon");
    return 2.0;
  };
}

// Lines 1 to 50, up to the head of [recipe].
inline const char kHead[] = R"(title = "Pay"
purpose = "To know it."
benefit = "Figures."
contact = "research@fed.example"
licence = "CC-BY-4.0"
expires = 2035-12-31

[data]
table = "trips"
member = "member_ref"

[[data.column]]
name = "region"
type = "category"
categories = ["north", "south", "west"]
definition = "Where the member works."

[[data.column]]
name = "pay"
type = "real"
lower = 0
upper = 40
unit = "pounds"
definition = "What the member received."

[[data.column]]
name = "hours"
type = "integer"
lower = 1
upper = 9
definition = "Hours worked, rounded up."

[privacy]
noise_multiplier = 2
delta = 1e-6
sampling_rate = 1
max_rows = 4

[cohort]
min_nodes = 4
assumed_colluders = 1
deadline = "60s"
join_window = "10m"

[scrutineers]
organisations = ["north", "south", "west", "east"]
threshold = 2
operator_nodes = []

[recipe]
)";
inline constexpr int kRecipeLine = 50;

inline const char kMean[] = "kind = \"mean\"\ncolumns = [\"pay\", \"hours\"]\nby = \"region\"\n";
inline const char kHistogram[] =
    "kind = \"histogram\"\ncolumns = [\"pay\"]\nbins = [8]\nquantiles = [0.25, 0.5]\n";
inline const char kTrain[] =
    "kind = \"train\"\nmodel = \"linear\"\nfeatures = [\"hours\", \"region\"]\ntarget = \"pay\"\n"
    "optimizer = \"sgd\"\nlearning_rate = 0.1\nrounds = 5\nexpected_members = 100\n";

inline std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

inline std::string TrainText(const std::string& recipe) {
  return Replaced(kHead, "max_rows = 4", "max_rows = 4\nclip = 0.5") + recipe;
}

inline LintResult LintText(const std::string& text) { return Lint(text, Today(), FakeSolver()); }

// Rows of one member; by default of the example's schema: region, pay, hours.
struct Member {
  std::vector<double> values;
  size_t columns = 3;
  MemberRows rows() const { return {values, columns}; }
};

// The example's texts, [privacy] and [cohort] around other columns and another recipe.
inline std::string StudyAround(const std::string& columns_and_recipe) {
  const std::string head = kHead;
  const size_t columns = head.find("[[data.column]]"), privacy = head.find("[privacy]");
  return head.substr(0, columns) + columns_and_recipe + "\n" +
         head.substr(privacy, head.find("[recipe]") - privacy);
}

inline std::string ReadText(const std::string& path) {
  std::ifstream file(std::string(MUTUAL_SOURCE_DIR) + "/" + path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The blocks between ```toml and ``` of a Markdown text.
inline std::vector<std::string> TomlBlocks(const std::string& text) {
  const std::string open = "```toml\n";
  std::vector<std::string> blocks;
  for (size_t at = 0; (at = text.find(open, at)) != std::string::npos;) {
    const size_t begin = at + open.size();
    at = text.find("```", begin);
    blocks.push_back(text.substr(begin, at - begin));
  }
  return blocks;
}

// The study of the n-th example of docs/recipes/NAME.md.
inline std::string RecipeExample(const std::string& name, size_t n = 0) {
  const auto blocks = TomlBlocks(ReadText("docs/recipes/" + name + ".md"));
  return n < blocks.size() ? StudyAround(blocks[n]) : "";
}

inline std::vector<Member> RandomMembers(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<Member> members(count);
  for (Member& member : members) {
    for (uint64_t rows = 1 + random() % 4; rows > 0; --rows) {
      member.values.insert(member.values.end(), {std::floor(3 * unit(random)), 40 * unit(random),
                                                 1 + std::floor(9 * unit(random))});
    }
  }
  return members;
}

// Rows of anything: far outside the bounds, infinite, missing, not whole, too many.
inline Member ExtremeMember(std::mt19937_64& random, size_t columns = 3) {
  const std::vector<double> odd = {0,      1,        2,         -1,      7,     0.5,
                                   40,     41,       -1e300,    1e300,   1e308, -1e308,
                                   5e-324, INFINITY, -INFINITY, kMissing};
  Member member{{}, columns};
  for (uint64_t n = columns * (random() % 7); n > 0; --n) {
    member.values.push_back(odd[random() % odd.size()]);
  }
  return member;
}

inline double Norm(const std::vector<double>& values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

// Sum of the members' vectors, without noise.
inline ReleasedSum SumOf(const Recipe& recipe, const std::vector<Member>& members) {
  ReleasedSum sum{std::vector<double>(recipe.dimension(), 0.0), 0, 4};
  std::vector<double> vector(recipe.dimension());
  for (const Member& member : members) {
    if (!recipe.MemberVector(member.rows(), vector).ok()) return {};
    for (size_t i = 0; i < vector.size(); ++i) sum.values[i] += vector[i];
  }
  return sum;
}

// The recipe of a study text that must be sound.
inline std::unique_ptr<Recipe> RecipeOf(const std::string& text) {
  const LintResult lint = LintText(text);
  if (!lint.study) return nullptr;
  auto recipe = MakeRecipe(*lint.study);
  return recipe.ok() ? *std::move(recipe) : nullptr;
}

}  // namespace mutual::study
