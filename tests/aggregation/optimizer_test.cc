#include "aggregation/optimizer/optimizer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace mutual::aggregation {
namespace {

using Vector = std::vector<double>;

OptimizerOptions Sgd() {
  return {.kind = OptimizerKind::kSgd,
          .learning_rate = 0.5,
          .momentum = 0,
          .beta1 = 0,
          .beta2 = 0,
          .adam_epsilon = 0,
          .weight_decay = 0,
          .averaging = 0};
}

OptimizerOptions Adam() {
  OptimizerOptions options = Sgd();
  options.kind = OptimizerKind::kAdam;
  options.learning_rate = 0.1;
  options.beta1 = 0.9;
  options.beta2 = 0.999;
  options.adam_epsilon = 1e-8;
  return options;
}

OptimizerState After(const OptimizerOptions& options, const std::vector<Vector>& gradients) {
  OptimizerState state = StartAt(Vector{1, -2});
  for (const Vector& gradient : gradients) REQUIRE_OK(Step(options, gradient, &state));
  return state;
}

std::string Refusal(const OptimizerOptions& options) {
  const absl::Status status = Validate(options);
  REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

bool Equal(const OptimizerState& a, const OptimizerState& b) {
  return a.step == b.step && a.parameters == b.parameters && a.first == b.first &&
         a.second == b.second && a.average == b.average;
}

}  // namespace

TEST_CASE("Plain SGD moves against the gradient", "[optimizer]") {
  const OptimizerState state = After(Sgd(), {{2, -4}});
  CHECK(state.parameters == Vector{0, 0});  // 1 − 0.5·2, −2 + 0.5·4
  CHECK(state.step == 1);
}

TEST_CASE("Momentum accumulates gradients", "[optimizer]") {
  OptimizerOptions options = Sgd();
  options.momentum = 0.5;
  // v: 2, then 0.5·2 + 2 = 3; w: 1 − 1 = 0, then 0 − 1.5.
  const OptimizerState state = After(options, {{2, 0}, {2, 0}});
  CHECK(state.parameters == Vector{-1.5, -2});
  CHECK(state.first == Vector{3, 0});
}

TEST_CASE("Weight decay is decoupled from the gradient", "[optimizer]") {
  OptimizerOptions options = Sgd();
  options.weight_decay = 0.25;
  options.momentum = 0.5;
  // w − lr·decay·w = 0.875·w, and the decay does not enter the momentum.
  const OptimizerState state = After(options, {{0, 0}});
  CHECK(state.parameters == Vector{0.875, -1.75});
  CHECK(state.first == Vector{0, 0});
}

TEST_CASE("Adam's first two steps are those computed by hand", "[optimizer]") {
  // Step 1: m̂ = g, v̂ = g², so the step is lr·g/(|g| + 1e-8).
  const OptimizerState one = After(Adam(), {{3, -0.5}});
  CHECK_THAT(one.parameters[0], WithinRel(1 - 0.1 * 3 / (3 + 1e-8), 1e-14));
  CHECK_THAT(one.parameters[1], WithinRel(-2 + 0.1 * 0.5 / (0.5 + 1e-8), 1e-14));
  // Step 2 with g = 1 after 3: m = 0.9·0.3 + 0.1 = 0.37, v = 0.999·0.009 + 0.001 = 0.009991.
  const OptimizerState two = After(Adam(), {{3, -0.5}, {1, -0.5}});
  const double m = 0.37 / (1 - 0.81), v = 0.009991 / (1 - 0.998001);
  CHECK_THAT(two.parameters[0],
             WithinRel(one.parameters[0] - 0.1 * m / (std::sqrt(v) + 1e-8), 1e-12));
  CHECK(two.step == 2);
}

TEST_CASE("Adam's decay is decoupled too", "[optimizer]") {
  OptimizerOptions options = Adam();
  options.weight_decay = 0.5;
  const OptimizerState state = After(options, {{0, 0}});
  CHECK_THAT(state.parameters[0], WithinRel(0.95, 1e-14));
}

TEST_CASE("The learning rate follows its schedule after the warm-up", "[optimizer]") {
  OptimizerOptions options = Sgd();
  options.learning_rate = 0.5;
  options.warmup_steps = 3;
  options.total_steps = 7;
  const auto rates = [&options] {
    Vector rates;
    for (uint64_t step = 1; step <= 8; ++step) rates.push_back(RateAt(options, step));
    return rates;
  };
  CHECK(rates() == Vector{0.125, 0.25, 0.375, 0.5, 0.5, 0.5, 0.5, 0.5});
  options.schedule = Schedule::kLinear;
  options.final_share = 0.5;
  // Four steps from 1 towards a half: 1, 7/8, 6/8, 5/8, and no further.
  CHECK(rates() == Vector{0.125, 0.25, 0.375, 0.5, 0.4375, 0.375, 0.3125, 0.3125});
  options.schedule = Schedule::kInverseRoot;
  CHECK(rates()[3] == 0.5);
  CHECK(rates()[6] == 0.25);
  CHECK(rates()[7] == 0.5 / std::sqrt(5.0));
}

TEST_CASE("A step uses the rate of its own number", "[optimizer]") {
  OptimizerOptions options = Sgd();
  options.schedule = Schedule::kInverseRoot;
  // 1 − 0.5·2, then 0 − (0.5/√2)·2.
  const OptimizerState state = After(options, {{2, 0}, {2, 0}});
  CHECK(state.parameters[0] == -(0.5 / std::sqrt(2.0)) * 2);
  options.schedule = Schedule::kLinear;
  options.final_share = 1.5;
  CHECK_THAT(Refusal(options), ContainsSubstring("final share"));
  options.final_share = 0;
  options.warmup_steps = options.total_steps = 4;
  CHECK_THAT(Refusal(options), ContainsSubstring("4 steps"));
}

TEST_CASE("The average is corrected for its start at zero", "[optimizer]") {
  OptimizerOptions options = Sgd();
  options.averaging = 0.75;
  const OptimizerState one = After(options, {{2, -4}});
  CHECK(Averaged(options, one) == one.parameters);  // one step: the parameters themselves
  // w: (0, 0) then (−1, 0): average 0.75·0 + 0.25·(−1) over 1 − 0.75² = 0.4375.
  const OptimizerState two = After(options, {{2, -4}, {2, 0}});
  CHECK_THAT(Averaged(options, two)[0], WithinRel(-0.25 / 0.4375, 1e-15));
  CHECK(Averaged(options, two)[1] == 0);
}

TEST_CASE("Without averaging, or before any step, the average is the parameters",
          "[optimizer]") {
  OptimizerOptions options = Sgd();
  const OptimizerState state = After(options, {{1, 1}});
  CHECK(Averaged(options, state) == state.parameters);
  options.averaging = 0.9;
  CHECK(Averaged(options, StartAt(Vector{1, -2})) == Vector{1, -2});
}

TEST_CASE("Adam finds the minimum of a parabola", "[optimizer]") {
  OptimizerOptions options = Adam();
  OptimizerState state = StartAt(Vector{5, -3});
  for (int i = 0; i < 2000; ++i) {
    REQUIRE_OK(Step(options, Vector{state.parameters[0] - 1, 4 * state.parameters[1]}, &state));
  }
  CHECK_THAT(state.parameters[0], WithinAbs(1, 1e-3));
  CHECK_THAT(state.parameters[1], WithinAbs(0, 1e-3));
}

TEST_CASE("Options out of range are refused by name", "[optimizer]") {
  OptimizerOptions options = Sgd();
  options.learning_rate = 0;
  CHECK_THAT(Refusal(options), ContainsSubstring("learning rate is 0"));
  options = Sgd();
  options.momentum = 1;
  CHECK_THAT(Refusal(options), ContainsSubstring("momentum is 1"));
  options = Sgd();
  options.weight_decay = -0.1;
  CHECK_THAT(Refusal(options), ContainsSubstring("weight decay is -0.1"));
  options = Sgd();
  options.averaging = std::nan("");
  CHECK_THAT(Refusal(options), ContainsSubstring("nan"));
  options = Adam();
  options.beta2 = 1;
  CHECK_THAT(Refusal(options), ContainsSubstring("beta2 is 1"));
  options = Adam();
  options.adam_epsilon = 0;
  CHECK_THAT(Refusal(options), ContainsSubstring("psilon is 0"));
}

TEST_CASE("A gradient of another size or with NaN leaves the state alone", "[optimizer]") {
  OptimizerState state = After(Sgd(), {{1, 1}});
  const OptimizerState before = state;
  const absl::Status size = Step(Sgd(), Vector{1}, &state);
  CHECK(size.code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(size.message()), ContainsSubstring("want 2"));
  for (const double poison : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    CHECK(Step(Sgd(), Vector{0, poison}, &state).code() == absl::StatusCode::kInvalidArgument);
  }
  CHECK(Equal(state, before));
}

TEST_CASE("A step in blocks is the step, for a vector longer than a block", "[optimizer]") {
  constexpr size_t kLong = (1 << 16) * 2 + 5;
  OptimizerOptions options = GENERATE(Sgd(), Adam());
  options.averaging = 0.9;
  Vector gradient(kLong);
  for (size_t i = 0; i < kLong; ++i) gradient[i] = std::sin(static_cast<double>(i));
  OptimizerState whole = StartAt(Vector(kLong, 0.25));
  OptimizerState blocks = whole;
  REQUIRE_OK(Step(options, gradient, &whole));
  REQUIRE_OK(StepInBlocks(
      options,
      [&](size_t first, std::span<double> out) {
        for (size_t i = 0; i < out.size(); ++i) out[i] = gradient[first + i];
      },
      &blocks));
  CHECK(Equal(whole, blocks));
  const Vector average = Averaged(options, whole);
  CHECK(AveragedModel(options, whole) == std::vector<float>(average.begin(), average.end()));
  const auto parsed = Parse(Serialize(whole));  // several pieces long
  REQUIRE_OK(parsed);
  CHECK(Equal(*parsed, whole));
}

TEST_CASE("A poisoned block late in the vector leaves the state alone", "[optimizer]") {
  constexpr size_t kLong = (1 << 16) + 1;
  OptimizerState state = StartAt(Vector(kLong, 1));
  const OptimizerState before = state;
  const absl::Status status = StepInBlocks(
      Sgd(),
      [](size_t first, std::span<double> out) {
        std::fill(out.begin(), out.end(), first == 0 ? 1 : std::nan(""));
      },
      &state);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(status.message()), ContainsSubstring("want finite"));
  CHECK(Equal(state, before));
}

TEST_CASE("A state comes back from its bytes exactly, and training goes on the same",
          "[optimizer]") {
  OptimizerOptions options = Adam();
  options.averaging = 0.9;
  OptimizerState state = After(options, {{0.1, 1e-300}, {-1.0 / 3, 5e-324}});
  const auto parsed = Parse(Serialize(state));
  REQUIRE_OK(parsed);
  CHECK(Equal(*parsed, state));
  OptimizerState resumed = *parsed;
  REQUIRE_OK(Step(options, Vector{0.7, 0.2}, &resumed));
  REQUIRE_OK(Step(options, Vector{0.7, 0.2}, &state));
  CHECK(Equal(resumed, state));
  CHECK(Serialize(resumed) == Serialize(state));
  const auto empty = Parse(Serialize(OptimizerState{}));
  REQUIRE_OK(empty);
  CHECK(empty->parameters.empty());
}

TEST_CASE("Damaged bytes of a state are refused", "[optimizer]") {
  const std::string bytes = Serialize(After(Adam(), {{1, 2}}));
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK(Parse(bytes.substr(0, size)).status().code() == absl::StatusCode::kDataLoss);
  }
  CHECK(Parse(bytes + "x").status().code() == absl::StatusCode::kDataLoss);
  std::string other = bytes;
  other[4] = 2;  // the version
  CHECK(Parse(other).status().code() == absl::StatusCode::kDataLoss);
  // A length of 2^64 − 1 must not be believed.
  std::string huge = bytes;
  for (size_t i = 13; i < 21; ++i) huge[i] = '\xff';
  CHECK(Parse(huge).status().code() == absl::StatusCode::kDataLoss);
}

}  // namespace mutual::aggregation
