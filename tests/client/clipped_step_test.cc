// Book-keeping against the plain loop, for every layer, shape and number of rows.
#include "client/learning/clipped_step.h"

#include <rapidcheck.h>

#include <cmath>

#include "client/learning/member_loop.h"
#include "tests/catch.h"
#include "tests/client/sample_model.h"

namespace mutual::client {
namespace {

constexpr double kFine = 0x1p32;  // grid units per unit: rounding far below the tolerances

std::vector<double> SumOf(ClippedStep& step, const Batch& batch) {
  std::vector<int64_t> sum(static_cast<size_t>(step.parameter_count()), 0);
  REQUIRE_OK(step.AddGradients(batch, {kFine, sum}));
  std::vector<double> values;
  for (const int64_t value : sum) values.push_back(static_cast<double>(value) / kFine);
  return values;
}

double Distance(const std::vector<double>& a, const std::vector<double>& b) {
  double squared = 0;
  for (size_t i = 0; i < a.size(); ++i) squared += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(squared);
}

struct Case {
  std::string family;
  int64_t size, rows, outputs, members;
  LossKind loss;
  double clip;
  uint64_t seed;
};

// ‖ours − loop‖ over the most that the members can add up to.
double RelativeError(const Case& c) {
  std::mt19937_64 random(c.seed);
  StepPlan plan{.rows = c.rows, .loss = c.loss, .clip = c.clip};
  plan.layers = SampleLayers(c.family, c.size, c.outputs, &plan.inputs);
  const std::vector<float> model = SampleModel(plan.layers, random);
  const auto step = ClippedStep::Create(plan);
  REQUIRE_OK(step);
  (*step)->Bind(model);
  const int64_t members = std::min(c.members, (*step)->batch_members());
  const Batch batch = SampleBatch(plan, c.family, (*step)->batch_members(), members, random);
  StepPlan wanted = plan;
  wanted.clip *= 1 - 0x1p-10;
  const auto loop = ClippedSumByLoop(wanted, model, batch, members);
  REQUIRE_OK(loop);
  const double whole = Distance(*loop, std::vector<double>(loop->size(), 0.0));
  const double scale =
      c.clip < 1 ? std::max(whole, c.clip * std::sqrt(static_cast<double>(members))) : whole;
  return Distance(SumOf(**step, batch), *loop) / std::max(scale, 1e-9);
}

template <typename Property>
void Check(const std::string& name, int cases, Property property) {
  rc::detail::TestMetadata metadata;
  metadata.id = name;
  rc::detail::TestParams parameters;
  parameters.maxSuccess = cases;
  parameters.seed = 20240607;
  const auto result = rc::detail::checkTestable(property, metadata, parameters);
  if (!result.template is<rc::detail::SuccessResult>())
    rc::detail::printResultMessage(result, std::cerr);
  REQUIRE(result.template is<rc::detail::SuccessResult>());
}

}  // namespace

TEST_CASE("Clipped sums equal the loop over members to 1e-5, for every layer, shape and group size",
          "[learning]") {
  const std::string family = GENERATE(as<std::string>{}, "linear", "mlp", "categories", "conv1d",
                                      "conv2d", "bag", "gru", "attention");
  Check(family, 60, [&] {
    // Layer norm over two numbers divides by their difference, which float32 cannot always hold to
    // 1e-5.
    Case c{family,
           *rc::gen::inRange<int64_t>(family == "attention" ? 2 : 1, 7),
           *rc::gen::inRange<int64_t>(1, 9),
           1,
           *rc::gen::inRange<int64_t>(1, 12),
           *rc::gen::element(LossKind::kSquared, LossKind::kLogistic, LossKind::kPoisson,
                             LossKind::kSoftmax),
           *rc::gen::element(0.01, 0.3, 1e4),
           *rc::gen::arbitrary<uint64_t>()};
    if (c.loss == LossKind::kSoftmax) c.outputs = 3;
    const double error = RelativeError(c);
    if (error > 1e-5) {
      RC_LOG() << family << " size " << c.size << " rows " << c.rows << " members " << c.members
               << " loss " << static_cast<int>(c.loss) << " clip " << c.clip << " error " << error
               << "\n";
    }
    RC_ASSERT(error <= 1e-5);
  });
}

}  // namespace mutual::client
