// Local steps in a study file: reading, what does not go with them, and the grid of differences.
#include "study/local_steps.h"

#include <cmath>

#include "study/train_recipe.h"
#include "tests/catch.h"
#include "tests/study/example_study.h"

namespace mutual::study {
namespace {

const char kKeys[] = "local_steps = 5\nlocal_rate = 0.5\nproximal = 0.1\ndifference_clip = 2\n";

std::string Local(const std::string& keys = kKeys) { return TrainText(kTrain) + keys; }

struct Wrong {
  std::string from, to, message;
};

void RequireProblem(const std::string& text, const Wrong& wrong) {
  const LintResult result = LintText(text);
  CAPTURE(wrong.from, wrong.to);
  REQUIRE_FALSE(result.study.has_value());
  REQUIRE(result.problems.size() == 1);
  REQUIRE_THAT(result.problems[0].message, ContainsSubstring(wrong.message));
  REQUIRE(result.problems[0].line > 1);
}

}  // namespace

TEST_CASE("Local steps are read, and their sums are counted", "[study]") {
  const LintResult result = LintText(Local());
  REQUIRE(result.study.has_value());
  const LocalSteps& steps = *std::get<TrainSpec>(result.study->recipe).local;
  CHECK(steps.count == 5);
  CHECK(steps.rate == 0.5);
  CHECK(steps.proximal == 0.1);
  CHECK(steps.bound == 2);
  CHECK(result.study->rounds() == 5);
  CHECK(result.study->cost().local_steps == 5);
  CHECK(result.study->cost().noised_sums() == 25);
  const auto recipe = RecipeOf(Local());
  CHECK(recipe->dimension() == 4);  // as without
  CHECK(recipe->member_bound() == 0.5);
  CHECK_THAT(recipe->Finish({{0, 0, 0, 0}, 1, 4})->sentences[1],
             ContainsSubstring("5 noised steps of its own"));
}

TEST_CASE("A study without local steps makes one sum a round", "[study]") {
  const LintResult result = LintText(TrainText(kTrain));
  REQUIRE(result.study.has_value());
  CHECK_FALSE(std::get<TrainSpec>(result.study->recipe).local.has_value());
  CHECK(result.study->cost().local_steps == 0);
  CHECK(result.study->cost().noised_sums() == 5);
}

TEST_CASE("The proximal term is none unless it is asked for", "[study]") {
  const LintResult result = LintText(Local(Replaced(kKeys, "proximal = 0.1\n", "")));
  REQUIRE(result.study.has_value());
  CHECK(std::get<TrainSpec>(result.study->recipe).local->proximal == 0);
}

TEST_CASE("What is wrong with local steps is named, with its line", "[study]") {
  const auto wrong =
      GENERATE(Wrong{"local_steps = 5", "local_steps = 1",
                     "local_steps is 1, want at least 2 and at most 1000"},
               Wrong{"local_steps = 5", "local_steps = 1001", "local_steps is 1001"},
               Wrong{"local_steps = 5", "local_steps = 2.5", "local_steps"},
               Wrong{"local_rate = 0.5\n", "", "local_rate"},
               Wrong{"local_rate = 0.5", "local_rate = 0", "local_rate is 0"},
               Wrong{"proximal = 0.1", "proximal = -1", "proximal is -1"},
               Wrong{"difference_clip = 2\n", "", "difference_clip"},
               Wrong{"difference_clip = 2", "difference_clip = 0", "difference_clip is 0"},
               Wrong{"difference_clip = 2", "difference_clip = 1e7", "difference_clip is 1e+07"});
  RequireProblem(Local(Replaced(kKeys, wrong.from, wrong.to)), wrong);
}

TEST_CASE("What belongs to local steps does not stand without them", "[study]") {
  for (const std::string key : {"local_rate = 0.5", "proximal = 0.1", "difference_clip = 2"}) {
    RequireProblem(Local(key + "\n"),
                   {"", key, key.substr(0, key.find(' ')) + " belongs to a node's own steps"});
  }
}

TEST_CASE("More noised sums than the accountant adds up are refused", "[study]") {
  RequireProblem(
      Replaced(Local(Replaced(kKeys, "steps = 5", "steps = 1000")), "rounds = 5", "rounds = 10001"),
      {"", "", "10001 rounds of 1000 local_steps are 10001000 noised sums"});
}

TEST_CASE("A clip that adapts does not go with local steps, and the reason is said", "[study]") {
  const std::string text =
      Replaced(Local(), "clip = 0.5",
               "clip = 0.5\nclip_quantile = 0.5\nclip_rate = 0.2\nclip_weight = 0.3\n"
               "clip_lowest = 0.01\nclip_highest = 10");
  RequireProblem(text, {"", "", "only the difference of the weights leaves a node"});
  REQUIRE(LintText(text).problems[0].code == "IMPOSSIBLE_PRIVACY");
}

TEST_CASE("A target is solved for every noised sum, not for rounds", "[study]") {
  const std::string text = Replaced(Local(), "noise_multiplier = 2", "target_epsilon_node = 3");
  uint64_t asked = 0;
  const LintResult result = Lint(
      text, Today(), [&asked](double, double, double, uint64_t sums) -> absl::StatusOr<double> {
        asked = sums;
        return 2.0;
      });
  REQUIRE(result.study.has_value());
  REQUIRE(asked == 25);
}

TEST_CASE("Differences stand on the finest grid of a power of two that cannot overflow",
          "[study]") {
  for (const double bound : {1e-6, 0.3, 1.0, 2.0, 7.5, 1e6}) {
    for (const int64_t clamp : {int64_t{1}, int64_t{3}, int64_t{1} << 20, (int64_t{1} << 31) - 1}) {
      CAPTURE(bound, clamp);
      const double scale = DifferenceScale(bound, clamp);
      int exponent = 0;
      CHECK(std::frexp(scale, &exponent) == 0.5);
      CHECK(bound * scale <= static_cast<double>(clamp));
      CHECK(bound * scale * 2 > static_cast<double>(clamp));
    }
  }
  CHECK(DifferenceScale(1, 1024) == 1024);
  CHECK(DifferenceScale(1, 1023) == 512);
}

TEST_CASE("Members that gradients are expected of are those not held out", "[study]") {
  const LintResult result = LintText(
      Replaced(Local() + "evaluation_share = 0.25\n", "sampling_rate = 1", "sampling_rate = 0.5"));
  REQUIRE(result.study.has_value());
  REQUIRE(ExpectedGradients(*result.study) == 100 * 0.5 * 0.75);
}

}  // namespace mutual::study
