// Model inputs: in [-1, 1] whatever the rows, missing when a value is, refused when undefined.
#include "study/feature.h"

#include "tests/catch.h"
#include "tests/study/example_study.h"

namespace mutual::study {
namespace {

Schema ExampleSchema() { return LintText(std::string(kHead) + kMean).study->schema; }

TrainSpec Spec(std::vector<std::string> features, std::string target) {
  TrainSpec spec;
  spec.features = std::move(features);
  spec.target = std::move(target);
  return spec;
}

}  // namespace

TEST_CASE("Inputs are scaled from the bounds of the function's values", "[study]") {
  const auto map = FeatureMap::Create(
      ExampleSchema(),
      Spec({"hours", "square(hours)", "log(hours)", "sqrt(hours)", "log1p(hours)", "region"},
           "pay"));
  REQUIRE_OK(map);
  REQUIRE(map->input_count() == 7);
  REQUIRE(map->input_names()[5] == "region=south");
  REQUIRE(map->Describe().size() == 7);
  const Member member{{2, 10, 3}};
  std::vector<double> inputs(7);
  REQUIRE(map->Inputs(member.rows(), 0, inputs));
  const auto scaled = [](double x, double low, double high) {
    return (x - (low + high) / 2) / ((high - low) / 2);
  };
  const std::vector<double> wanted = {scaled(3, 1, 9),
                                      scaled(9, 1, 81),
                                      scaled(std::log(3), 0, std::log(9)),
                                      scaled(std::sqrt(3), 1, 3),
                                      scaled(std::log(4), std::log(2), std::log(10)),
                                      0,
                                      1};
  for (size_t i = 0; i < wanted.size(); ++i) REQUIRE_THAT(inputs[i], WithinAbs(wanted[i], 1e-12));
  double target = 0;
  REQUIRE(map->Target(member.rows(), 0, &target));
  REQUIRE(target == 10);
  REQUIRE(map->target_lower() == 0);
  REQUIRE(map->target_upper() == 40);
}

TEST_CASE("No row makes an input leave [-1, 1] or the target its bounds", "[study]") {
  const auto map = FeatureMap::Create(
      ExampleSchema(), Spec({"hours", "square(hours)", "log(hours)", "region"}, "sqrt(pay)"));
  REQUIRE_OK(map);
  std::mt19937_64 random(5);
  std::vector<double> inputs(map->input_count());
  for (int i = 0; i < 5000; ++i) {
    const Member member = ExtremeMember(random);
    for (size_t row = 0; row < member.rows().row_count(); ++row) {
      double target = 0;
      if (!map->Inputs(member.rows(), row, inputs) || !map->Target(member.rows(), row, &target))
        continue;
      for (const double input : inputs) REQUIRE((input >= -1 && input <= 1));
      REQUIRE((target >= 0 && target <= std::sqrt(40.0)));
    }
  }
}

TEST_CASE("A missing value makes the row absent", "[study]") {
  const auto map = FeatureMap::Create(ExampleSchema(), Spec({"hours"}, "pay"));
  REQUIRE_OK(map);
  std::vector<double> inputs(1);
  double target = 0;
  REQUIRE_FALSE(map->Inputs(Member{{0, 10, kMissing}}.rows(), 0, inputs));
  REQUIRE_FALSE(map->Target(Member{{0, kMissing, 3}}.rows(), 0, &target));
}

TEST_CASE("Features and targets that are not defined are refused", "[study]") {
  const Schema schema = ExampleSchema();
  REQUIRE_THAT(std::string(FeatureMap::CheckFeature(schema, "age").message()),
               ContainsSubstring("which [data] does not have"));
  REQUIRE_THAT(std::string(FeatureMap::CheckFeature(schema, "cube(pay)").message()),
               ContainsSubstring("unknown function"));
  REQUIRE_THAT(std::string(FeatureMap::CheckFeature(schema, "log(pay)").message()),
               ContainsSubstring("not defined on the whole range"));
  REQUIRE_FALSE(FeatureMap::CheckFeature(schema, "log(region)").ok());
  for (const char* odd : {"", "(", ")", "()", "log()", "log(pay", "log(log1p(pay))"}) {
    REQUIRE_FALSE(FeatureMap::CheckFeature(schema, odd).ok());
  }
  TrainSpec spec = Spec({"hours"}, "region");
  spec.model = ModelKind::kLogistic;
  REQUIRE_THAT(std::string(FeatureMap::CheckTarget(schema, spec).message()),
               ContainsSubstring("target_class"));
  spec.target_class = "east";
  REQUIRE_THAT(std::string(FeatureMap::CheckTarget(schema, spec).message()),
               ContainsSubstring("is no category"));
  spec.target_class = "west";
  REQUIRE_OK(FeatureMap::CheckTarget(schema, spec));
  spec.model = ModelKind::kLinear;
  REQUIRE_FALSE(FeatureMap::CheckTarget(schema, spec).ok());
  spec.model = ModelKind::kMlp;
  REQUIRE_OK(FeatureMap::CheckTarget(schema, spec));
}

TEST_CASE("Poisson refuses a target that may be negative", "[study]") {
  Schema schema = ExampleSchema();
  schema.columns[1].lower = -1;
  TrainSpec spec = Spec({"hours"}, "pay");
  spec.model = ModelKind::kPoisson;
  REQUIRE_THAT(std::string(FeatureMap::CheckTarget(schema, spec).message()),
               ContainsSubstring("poisson counts events"));
}

TEST_CASE("A column whose name looks like a function is found by its name", "[study]") {
  Schema schema = ExampleSchema();
  schema.columns[2].name = "log(hours)";
  REQUIRE_OK(FeatureMap::CheckFeature(schema, "log(hours)"));
  REQUIRE(FeatureMap::SameColumn(schema, "pay", "sqrt(pay)"));
  REQUIRE_FALSE(FeatureMap::SameColumn(schema, "pay", "log(hours)"));
}

}  // namespace mutual::study
