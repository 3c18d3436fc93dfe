// The attacks of PRIVACY section 2 on float32 training, and the error of its sums beside the bound
// that is charged.
#include <cmath>
#include <limits>

#include "client/learning/clipped_step.h"
#include "privacy/clipping.h"
#include "tests/catch.h"
#include "tests/client/sample_model.h"

namespace mutual::client {
namespace {

constexpr double kFine = 0x1p34;

using Sum = std::vector<int64_t>;

Sum SumOf(ClippedStep& step, const Batch& batch) {
  Sum sum(static_cast<size_t>(step.parameter_count()), 0);
  REQUIRE_OK(step.AddGradients(batch, {kFine, sum}));
  return sum;
}

double Distance(const Sum& a, const Sum& b) {
  double squared = 0;
  for (size_t i = 0; i < a.size(); ++i)
    squared += std::pow(static_cast<double>(a[i] - b[i]) / kFine, 2);
  return std::sqrt(squared);
}

// Linear regression of `inputs` numbers on `rows` rows at the model zero: a row's gradient is
// exactly −weight·y·(x, 1).
struct Regression {
  StepPlan plan;
  std::vector<float> model;
  std::unique_ptr<ClippedStep> step;
  Batch batch;

  Regression(int64_t inputs, int64_t rows, double clip) {
    plan = {.layers = {LinearOf(inputs, 1)}, .inputs = inputs, .rows = rows, .clip = clip};
    model.assign(static_cast<size_t>(inputs + 1), 0.0F);
    step = *ClippedStep::Create(plan);
    step->Bind(model);
    const auto all = static_cast<size_t>(step->batch_members() * rows);
    batch = {std::vector<float>(all * static_cast<size_t>(inputs), 0), std::vector<float>(all, 0),
             std::vector<float>(all, 0)};
  }

  void SetRow(int64_t member, int64_t row, const std::vector<float>& x, float y) {
    const auto at = static_cast<size_t>(member * plan.rows + row);
    std::copy(x.begin(), x.end(), batch.inputs.begin() + static_cast<long>(at * x.size()));
    batch.targets[at] = y;
    batch.weights[at] = 1;
  }
};

// What the two neighbours' sums may differ by: C(1 + η) and one rounding of each.
double Allowed(const Regression& r) {
  return r.plan.clip * (1 + r.step->eta()) + std::sqrt(static_cast<double>(r.model.size())) / kFine;
}

}  // namespace

TEST_CASE("⚔ Rows that cancel cannot hide a gradient from the clip", "[learning]") {
  const int64_t inputs = GENERATE(3, 64, 300);
  Regression with(inputs, 8, 1.0);
  std::mt19937_64 random(7);
  std::uniform_real_distribution<float> unit(-1, 1);
  for (int64_t m = 1; m < with.step->batch_members(); ++m) {
    for (int64_t r = 0; r < 8; ++r) {
      std::vector<float> x(static_cast<size_t>(inputs));
      for (float& value : x) value = unit(random);
      with.SetRow(m, r, x, unit(random));
    }
  }
  const Sum without = SumOf(*with.step, with.batch);
  // Pairs of rows ±1e5, equal but for the last bits: the true gradient has norm about 20.
  for (int64_t r = 0; r < 8; ++r) {
    std::vector<float> x(static_cast<size_t>(inputs), 1e5F);
    x[0] += static_cast<float>(r) * 0.0625F;
    with.SetRow(0, r, x, r % 2 == 0 ? 20.0F : -20.0F);
  }
  REQUIRE(Distance(SumOf(*with.step, with.batch), without) <= Allowed(with));
}

TEST_CASE("⚔ Rows that are not finite count as nothing and change no bit of the others",
          "[learning]") {
  const std::string family =
      GENERATE(as<std::string>{}, "linear", "mlp", "conv1d", "conv2d", "attention");
  const int64_t rows = GENERATE(1, 3);
  std::mt19937_64 random(11);
  StepPlan plan{.rows = rows, .clip = 0.5};
  plan.layers = SampleLayers(family, 3, 1, &plan.inputs);
  const std::vector<float> model = SampleModel(plan.layers, random);
  const auto step = *ClippedStep::Create(plan);
  step->Bind(model);
  const int64_t members = std::min<int64_t>(step->batch_members(), 20);
  Batch batch = SampleBatch(plan, family, step->batch_members(), members, random);
  for (int64_t r = 0; r < rows; ++r) batch.weights[static_cast<size_t>(r)] = 0;
  const Sum without = SumOf(*step, batch);
  const float infinite = std::numeric_limits<float>::infinity();
  const int kind = GENERATE(0, 1, 2);
  const float bad = kind == 0   ? std::numeric_limits<float>::quiet_NaN()
                    : kind == 1 ? infinite
                                : -infinite;
  const bool is_target = GENERATE(false, true);
  for (int64_t r = 0; r < rows; ++r) {
    batch.weights[static_cast<size_t>(r)] = 1;
    if (is_target) batch.targets[static_cast<size_t>(r)] = bad;
    if (!is_target) std::fill_n(batch.inputs.begin(), rows * plan.inputs, bad);
  }
  if (family == "attention" && !is_target)
    return;  // its inputs are indexes; any other index means 0
  INFO(family << ", " << rows << " rows, " << bad << (is_target ? " as target" : " as input"));
  const bool is_same = SumOf(*step, batch) == without;
  REQUIRE(is_same);
}

TEST_CASE("⚔ A member of weight zero with huge rows is the zero vector", "[learning]") {
  const int64_t rows = GENERATE(1, 4);
  Regression regression(5, rows, 1.0);
  regression.SetRow(1, 0, {1, 2, 3, 4, 5}, 0.5F);
  const Sum without = SumOf(*regression.step, regression.batch);
  for (int64_t r = 0; r < rows; ++r) {
    regression.SetRow(0, r, std::vector<float>(5, 3e38F), 3e38F);
    regression.batch.weights[static_cast<size_t>(r)] = 0;
  }
  const bool is_same = SumOf(*regression.step, regression.batch) == without;
  REQUIRE(is_same);
}

TEST_CASE("⚔ Weights that overflow every activation leave others' sums as they are", "[learning]") {
  std::mt19937_64 random(5);
  StepPlan plan{.rows = 2, .clip = 0.5};
  plan.layers = {LinearOf(3, 4), Plain(study::LayerKind::kRelu), LinearOf(4, 1)};
  plan.inputs = 3;
  std::vector<float> model = SampleModel(plan.layers, random);
  for (size_t i = 0; i < model.size(); ++i) model[i] = 3e38F;  // any coordinator may send this
  const auto step = *ClippedStep::Create(plan);
  step->Bind(model);
  Batch batch = SampleBatch(plan, "mlp", step->batch_members(), 10, random);
  std::fill(batch.inputs.begin(), batch.inputs.end(), 1.0F);
  const Sum sum = SumOf(*step, batch);
  REQUIRE(Distance(sum, Sum(sum.size(), 0)) <= 10 * 0.5);
}

TEST_CASE("⚔ Shapes, and the bits that others add, do not depend on a member's presence or rows",
          "[learning]") {
  const std::string family = GENERATE(as<std::string>{}, "mlp", "conv2d", "bag", "gru");
  const int64_t rows = 4;
  std::mt19937_64 random(3);
  StepPlan plan{.rows = rows, .clip = 0.1};
  plan.layers = SampleLayers(family, 4, 1, &plan.inputs);
  const std::vector<float> model = SampleModel(plan.layers, random);
  const auto step = *ClippedStep::Create(plan);
  step->Bind(model);
  const Batch full = SampleBatch(plan, family, step->batch_members(),
                                 std::min<int64_t>(step->batch_members(), 30), random);
  const auto only = [&](size_t member,
                        size_t count) {  // member's first `count` rows, and all of everybody else
    Batch batch = full;
    for (size_t r = count; r < static_cast<size_t>(rows); ++r) {
      batch.weights[member * static_cast<size_t>(rows) + r] = 0;
    }
    return SumOf(*step, batch);
  };
  // One member's own part, taken among all others and alone: the same but for one rounding and the
  // float32 sum.
  Batch alone = full;
  std::fill(alone.weights.begin() + rows, alone.weights.end(), 0.0F);
  const Sum with = only(0, rows), without = only(0, 0), single = SumOf(*step, alone);
  Sum difference = with;
  for (size_t i = 0; i < with.size(); ++i) difference[i] -= without[i];
  REQUIRE(Distance(difference, single) <= step->eta() * plan.clip);
}

TEST_CASE("The float32 sum's error stays within the bound that is charged", "[learning]") {
  const int64_t rows = GENERATE(1, 2, 8, 32);
  constexpr int64_t kInputs = 40;
  const double spread = GENERATE(1.0, 1e4);
  Regression r(kInputs, rows, 1.0);
  std::mt19937_64 random(static_cast<uint64_t>(rows));
  std::uniform_real_distribution<double> unit(-1, 1);
  std::vector<double> exact(kInputs + 1, 0.0);
  for (int64_t m = 0; m < r.step->batch_members(); ++m) {
    std::vector<double> gradient(kInputs + 1, 0.0);
    double reach = 0;
    for (int64_t row = 0; row < rows; ++row) {
      std::vector<float> x(kInputs);
      for (float& value : x) value = static_cast<float>(spread * unit(random));
      const auto y = static_cast<float>(unit(random));
      r.SetRow(m, row, x, y);
      double squared = 0;
      for (size_t k = 0; k < x.size(); ++k) {
        gradient[k] -= static_cast<double>(y) * static_cast<double>(x[k]);
        squared += static_cast<double>(x[k]) * static_cast<double>(x[k]);
      }
      gradient[kInputs] -= static_cast<double>(y);
      reach += std::sqrt(squared) * std::abs(static_cast<double>(y));
    }
    double squared = 0;
    for (const double value : gradient) squared += value * value;
    const double factor = privacy::SafeClipFactor({squared, reach}, r.plan.clip, r.step->rho());
    for (size_t i = 0; i < exact.size(); ++i) exact[i] += factor * gradient[i];
  }
  const Sum sum = SumOf(*r.step, r.batch);
  double error = 0;
  for (size_t i = 0; i < exact.size(); ++i)
    error += std::pow(static_cast<double>(sum[i]) / kFine - exact[i], 2);
  const double charged = r.step->eta() / 2 * r.plan.clip;  // of each of the two neighbours
  INFO("rows " << rows << ": error " << std::sqrt(error) << ", charged " << charged);
  REQUIRE(std::sqrt(error) <= charged);
  REQUIRE(std::sqrt(error) >
          1e-12);  // the sum is float32 indeed: otherwise this test measured nothing
}

TEST_CASE("Batch and rho depend on the plan alone and keep eta at its bound", "[learning]") {
  for (const int64_t rows : {1, 2, 8, 64, 512, 4096}) {
    const auto step = *ClippedStep::Create(
        {.layers = {LinearOf(20, 30), Plain(study::LayerKind::kTanh), LinearOf(30, 1)},
         .inputs = 20,
         .rows = rows,
         .clip = 1});
    const auto b = static_cast<double>(step->batch_members()),
               t = static_cast<double>(step->shared_positions());
    REQUIRE(2.1 * (b * t + 2) * b * step->rho() * 0x1p-24 <=
            ClippedStep::kLargestEta * (1 + 1e-12));
    REQUIRE(step->rho() >= 1.25);
  }
}

TEST_CASE(
    "Rarely sampled members come in small batches, and never more places than there are members",
    "[learning]") {
  StepPlan plan;
  plan.layers = SampleLayers("conv2d", 40, 1, &plan.inputs);
  const int64_t often = (*ClippedStep::Create(plan))->batch_members();
  plan.sampling_rate = 0.01;
  REQUIRE((*ClippedStep::Create(plan))->batch_members() < often);
  StepPlan few{.layers = {LinearOf(20, 1)}, .inputs = 20, .places = 5};
  REQUIRE((*ClippedStep::Create(few))->batch_members() == 8);
}

}  // namespace mutual::client
