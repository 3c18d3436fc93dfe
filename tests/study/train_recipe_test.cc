// The training recipe: length, bound, evaluation part.
#include "study/train_recipe.h"

#include "tests/catch.h"
#include "tests/study/example_study.h"

namespace mutual::study {
namespace {

std::string Evaluated(const std::string& model) {
  std::string text = TrainText(kTrain) + "evaluation_share = 0.2\n";
  if (model == "logistic") {
    text = Replaced(Replaced(text, "\"linear\"", "\"logistic\""), "target = \"pay\"",
                    "target = \"region\"\ntarget_class = \"west\"");
    return Replaced(text, "[\"hours\", \"region\"]", "[\"hours\", \"pay\"]");
  }
  return Replaced(text, "\"linear\"", "\"" + model + "\"");
}

// A sum with `count` held-out members of these shares, in the unit of the vector.
ReleasedSum Held(const Recipe& recipe, double count, double loss_share, double correct) {
  const double scale = recipe.member_bound() / std::sqrt(3.0);
  ReleasedSum sum{std::vector<double>(recipe.dimension(), 0.0), 0, 4};
  const size_t at = recipe.dimension() - 3;
  sum.values[at] = scale * count;
  sum.values[at + 1] = scale * count * loss_share;
  sum.values[at + 2] = scale * count * correct;
  return sum;
}

}  // namespace

TEST_CASE("A training study's vector has one number a parameter, and three to evaluate",
          "[study]") {
  REQUIRE(RecipeOf(TrainText(kTrain))->dimension() == 4);  // hours, south, west, intercept
  REQUIRE(RecipeOf(Evaluated("linear"))->dimension() == 7);
  const auto mlp = RecipeOf(Replaced(Evaluated("mlp"), "\"mlp\"", "\"mlp\"\nhidden = [5, 2]"));
  REQUIRE(mlp->dimension() == (3 * 5 + 5) + (5 * 2 + 2) + (2 + 1) + 3);
  REQUIRE(mlp->member_bound() == 0.5);
  REQUIRE(mlp->needs_model());
}

TEST_CASE("What a held-out member adds is within the clip", "[study]") {
  const LintResult lint = LintText(Evaluated("linear"));
  const TrainVector vector = TrainVectorOf(*lint.study);
  REQUIRE(vector.parameters == 4);
  REQUIRE(vector.has_evaluation);
  const double most = vector.evaluation_scale;
  REQUIRE(Norm({most, most, most}) <= 0.5 * (1 + 1e-15));
  REQUIRE_FALSE(TrainVectorOf(*LintText(TrainText(kTrain)).study).has_evaluation);
}

TEST_CASE("A clip that adapts adds one number, and the bound covers it and the gradient jointly",
          "[study]") {
  const std::string text =
      Replaced(Evaluated("linear"), "clip = 0.5",
               "clip = 0.5\nclip_quantile = 0.5\nclip_rate = 0.2\nclip_weight = 0.3\n"
               "clip_lowest = 0.01\nclip_highest = 10");
  const LintResult lint = LintText(text);
  REQUIRE(lint.study.has_value());
  const auto recipe = RecipeOf(text);
  REQUIRE(recipe->dimension() == 8);
  const TrainVector vector = TrainVectorOf(*lint.study);
  // A gradient at the clip and a count of ±1/2.
  REQUIRE_THAT(recipe->member_bound(),
               WithinRel(std::hypot(0.5, vector.clip_count_scale / 2), 1e-15));
  REQUIRE(vector.evaluation_at() == 5);
  REQUIRE(vector.size() == 8);
  // The evaluation stands behind it.
  REQUIRE_THAT(
      recipe->Finish(Held(*recipe, 400, 0.125, 0.75))->tables[0].rows[0].estimates[1].value,
      WithinAbs(0.5, 1e-9));
}

TEST_CASE("A training study has no member vector without a model", "[study]") {
  const auto recipe = RecipeOf(TrainText(kTrain));
  std::vector<double> vector(4);
  const absl::Status status = recipe->MemberVector(Member{}.rows(), vector);
  REQUIRE(status.code() == absl::StatusCode::kFailedPrecondition);
  REQUIRE_THAT(std::string(status.message()), ContainsSubstring("needs a model"));
}

TEST_CASE("Evaluation is the held-out members' mean loss and share of right answers", "[study]") {
  const auto recipe = RecipeOf(Evaluated("logistic"));
  const auto result = recipe->Finish(Held(*recipe, 400, 0.125, 0.75));
  REQUIRE_OK(result);
  const auto& estimates = result->tables[0].rows[0].estimates;
  REQUIRE_THAT(estimates[0].value, WithinAbs(400, 1e-9));
  REQUIRE_THAT(estimates[1].value, WithinAbs(0.5, 1e-9));
  REQUIRE(estimates[2].name == "accuracy");
  REQUIRE_THAT(estimates[2].value, WithinAbs(0.75, 1e-9));
  REQUIRE_THAT(estimates[2].standard_error, WithinAbs(std::sqrt(0.75 * 0.25 / 400), 1e-9));
  REQUIRE_THAT(result->sentences[1], ContainsSubstring("right for about 75.0%"));
}

TEST_CASE("Only models with a share of right answers show one", "[study]") {
  const auto linear = RecipeOf(Evaluated("linear"));
  REQUIRE((*linear->Finish(Held(*linear, 400, 0.1, 0.9))).tables[0].rows[0].estimates.size() == 3);
  const auto poisson = RecipeOf(Evaluated("poisson"));
  const auto result = poisson->Finish(Held(*poisson, 400, 0.1, 0));
  REQUIRE(result->tables[0].rows[0].estimates.size() == 2);
  REQUIRE_THAT(result->sentences[1], ContainsSubstring("mean loss is about 0.4"));
}

TEST_CASE("An evaluation of too few members is withheld", "[study]") {
  const auto recipe = RecipeOf(Evaluated("linear"));
  for (const double count : {-20.0, 0.0, 5.0}) {
    const auto result = recipe->Finish(Held(*recipe, count, 0.1, 0.9));
    REQUIRE_OK(result);
    REQUIRE(result->tables.empty());
    REQUIRE_THAT(result->sentences[1], ContainsSubstring("withheld"));
  }
}

// 4000 trials: the spread's own error is 1.1 %, the limits are 7 of them away: below 1e-11.
TEST_CASE("The evaluation's standard errors include the noise", "[study]") {
  const auto recipe = RecipeOf(Evaluated("logistic"));
  ReleasedSum exact = Held(*recipe, 400, 0.2, 0.75);
  exact.noise_stddev = 40 * 0.5 / std::sqrt(3.0);
  std::mt19937_64 random(9);
  std::normal_distribution<double> noise(0, exact.noise_stddev);
  constexpr int kTrials = 4000;
  double sum = 0, squares = 0, stated = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    ReleasedSum noisy = exact;
    for (double& value : noisy.values) value += noise(random);
    const auto result = recipe->Finish(noisy);
    const Estimate& loss = result->tables[0].rows[0].estimates[1];
    sum += loss.value / kTrials;
    squares += loss.value * loss.value / kTrials;
    stated += std::pow(loss.standard_error, 2) / kTrials;
  }
  const double sampling = 16 * 0.2 * 0.8 / 400;
  REQUIRE_THAT(std::sqrt(stated - sampling), WithinRel(std::sqrt(squares - sum * sum), 0.08));
}

TEST_CASE("A training sum of another length is an internal error", "[study]") {
  const auto result = RecipeOf(TrainText(kTrain))->Finish({{1, 2}, 1, 1});
  REQUIRE(result.status().code() == absl::StatusCode::kInternal);
  REQUIRE_THAT(std::string(result.status().message()), ContainsSubstring("got 2 values, want 4"));
}

}  // namespace mutual::study
