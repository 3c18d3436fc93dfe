// The trainer's clipped sums against a plain loop, and the attacks of PRIVACY section 2 played on
// it.
#include <cmath>
#include <limits>
#include <random>

#include "client/learning/trainer.h"
#include "study/feature.h"
#include "study/model.h"
#include "tests/catch.h"

namespace mutual::client {
namespace {

constexpr double kFine = 0x1p40;  // grid units per unit: rounding far below the tolerances

study::Study MakeStudy(study::ModelKind kind, std::vector<int> hidden, double clip) {
  study::Study study;
  study.schema.columns = {{"x", study::ColumnType::kReal, -2, 2, {}, "d", "", 1},
                          {"z", study::ColumnType::kReal, 0, 4, {}, "d", "", 2},
                          {"y", study::ColumnType::kReal, 0, 8, {}, "d", "", 3},
                          {"c", study::ColumnType::kCategory, 0, 0, {"no", "yes"}, "d", "", 4}};
  study::TrainSpec spec;
  spec.model = kind;
  spec.features = {"x", "z"};
  spec.target = kind == study::ModelKind::kLogistic ? "c" : "y";
  spec.target_class = kind == study::ModelKind::kLogistic ? "yes" : "";
  spec.hidden = std::move(hidden);
  spec.rounds = 1;
  spec.expected_members = 1;
  study.recipe = spec;
  study.privacy.clip = clip;
  study.privacy.max_rows = 3;
  return study;
}

struct Members {
  std::vector<std::vector<double>> rows;
  std::vector<study::MemberRows> slots() const {
    std::vector<study::MemberRows> slots;
    for (const auto& member : rows) slots.push_back({member, 4});
    return slots;
  }
};

Members RandomMembers(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  Members members;
  for (size_t m = 0; m < count; ++m) {
    members.rows.emplace_back();
    for (size_t r = 0; r < random() % 4; ++r) {
      members.rows.back().insert(members.rows.back().end(),
                                 {4 * unit(random) - 2, 4 * unit(random), 8 * unit(random),
                                  unit(random) < 0.5 ? 0.0 : 1.0});
    }
  }
  return members;
}

std::vector<int64_t> Sum(const study::Study& study, std::span<const float> model,
                         const Members& members, const std::vector<bool>& sampled = {},
                         std::optional<double> clip = std::nullopt) {
  auto trainer = LoadTrainer();
  REQUIRE_OK(trainer);
  const auto slots = members.slots();
  const TrainRound round{&study,
                         model,
                         slots,
                         sampled.empty() ? std::vector<bool>(slots.size(), true) : sampled,
                         std::vector<bool>(slots.size(), false),
                         kFine,
                         clip};
  std::vector<int64_t> sum(study::TrainVectorOf(study).size(), 0);
  REQUIRE_OK((*trainer)->AddClippedSum(round, sum));
  return sum;
}

double Norm(const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
  double squared = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    squared += std::pow(static_cast<double>(a[i] - b[i]) / kFine, 2);
  }
  return std::sqrt(squared);
}

// One-layer models by hand: gradient of the mean row loss, clipped.
std::vector<double> ByHand(const study::Study& study, std::span<const float> model,
                           const Members& members) {
  const auto& spec = std::get<study::TrainSpec>(study.recipe);
  std::vector<double> total(3, 0.0);
  for (const auto& rows : members.rows) {
    std::vector<double> gradient(3, 0.0);
    const size_t count = rows.size() / 4;
    for (size_t r = 0; r < count; ++r) {
      const double x = rows[4 * r] / 2, z = (rows[4 * r + 1] - 2) / 2;
      const double output = static_cast<double>(model[0]) * x + static_cast<double>(model[1]) * z +
                            static_cast<double>(model[2]);
      const double y = rows[4 * r + 2];
      const double error = spec.model == study::ModelKind::kLogistic
                               ? 1 / (1 + std::exp(-output)) - rows[4 * r + 3]
                           : spec.model == study::ModelKind::kPoisson ? std::exp(output) - y
                                                                      : output - (y - 4) / 4;
      gradient[0] += error * x / static_cast<double>(count);
      gradient[1] += error * z / static_cast<double>(count);
      gradient[2] += error / static_cast<double>(count);
    }
    const double norm = std::hypot(gradient[0], gradient[1], gradient[2]);
    const double clip = *study.privacy.clip;
    const double factor = norm > 0 ? std::min(1.0, clip * (1 - 0x1p-10) / norm) : 0;
    for (size_t i = 0; i < 3; ++i) total[i] += factor * gradient[i];
  }
  return total;
}

}  // namespace

TEST_CASE("Clipped sums of one-layer models equal the plain loop", "[learning]") {
  const auto kind =
      GENERATE(study::ModelKind::kLinear, study::ModelKind::kLogistic, study::ModelKind::kPoisson);
  const double clip = GENERATE(0.2, 1000.0);
  const study::Study study = MakeStudy(kind, {}, clip);
  const Members members = RandomMembers(150, 3);
  const std::vector<float> model = {0.3f, -0.2f, 0.1f};
  const std::vector<int64_t> sum = Sum(study, model, members);
  const std::vector<double> expected = ByHand(study, model, members);
  for (size_t i = 0; i < 3; ++i) {
    REQUIRE_THAT(static_cast<double>(sum[i]) / kFine,
                 WithinAbs(expected[i], 1e-6 * std::max(1.0, std::abs(expected[i]))));
  }
}

TEST_CASE("Where the clip adapts, gradients stand in the first clip's unit beside a count",
          "[learning]") {
  study::Study study = MakeStudy(study::ModelKind::kLinear, {}, 0.5);
  study.privacy.clip_rule = study::ClipRule{0.5, 0.2, 0.01, 10, 0.3};
  const Members members = RandomMembers(150, 3);
  const std::vector<float> model = {0.3f, -0.2f, 0.1f};
  const double now = GENERATE(0.2, 0.5, 1.5);
  study::Study at_now = study;
  at_now.privacy.clip = now;
  const std::vector<double> expected = ByHand(at_now, model, members);
  const std::vector<int64_t> sum = Sum(study, model, members, {}, now);
  REQUIRE(sum.size() == 4);
  for (size_t i = 0; i < 3; ++i) {
    REQUIRE_THAT(static_cast<double>(sum[i]) / kFine, WithinAbs(expected[i] * 0.5 / now, 1e-5));
  }
  double halves = 0;
  for (const auto& rows : members.rows) {
    if (rows.empty()) continue;
    const std::vector<double> alone =
        ByHand(MakeStudy(study::ModelKind::kLinear, {}, 1e6), model, {{rows}});
    halves += std::hypot(alone[0], alone[1], alone[2]) <= now * (1 - 0x1p-10) ? 0.5 : -0.5;
  }
  REQUIRE_THAT(static_cast<double>(sum[3]) / kFine, WithinAbs(0.3 * 0.5 * halves, 1e-9));
}

TEST_CASE("⚔ A member's gradient and count together stay within the joint bound", "[learning]") {
  study::Study study = MakeStudy(study::ModelKind::kMlp, {3}, 0.5);
  study.privacy.clip_rule = study::ClipRule{0.5, 0.2, 0.01, 10, 2};
  Members with = RandomMembers(130, 9);
  const auto layout = *study::LayoutOf(study);
  std::vector<float> model = study::InitialModel(study, layout);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> attack = GENERATE_COPY(
      std::vector<double>{1, 1, 8, 1}, std::vector<double>{2, 4, 8, 1, -2, 0, 0, 0},
      std::vector<double>{1e300, 1e300, 1e300, 1}, std::vector<double>{nan, nan, nan, 1});
  with.rows[70] = attack;
  Members without = with;
  without.rows[70].clear();
  for (const double now : {0.01, 0.5, 10.0}) {
    const double moved =
        Norm(Sum(study, model, with, {}, now), Sum(study, model, without, {}, now));
    REQUIRE(moved <= study::JointBound(*study.privacy.clip_rule, 0.5) * (1 + 1e-9));
    if (std::isfinite(attack[0])) REQUIRE(moved >= 0.5);  // the count alone is 0.5 · 2 / 2
    if (!std::isfinite(attack[0])) REQUIRE(moved == 0);
  }
}

TEST_CASE("An mlp's unclipped sum equals the numerical gradient", "[learning]") {
  const study::Study study = MakeStudy(study::ModelKind::kMlp, {3}, 1e6);
  const Members members = RandomMembers(70, 5);
  const auto layout = *study::LayoutOf(study);
  std::vector<float> model = study::InitialModel(study, layout);
  const auto loss = [&](const std::vector<double>& w) {
    double total = 0;
    for (const auto& rows : members.rows) {
      const size_t count = rows.size() / 4;
      for (size_t r = 0; r < count; ++r) {
        const double x = rows[4 * r] / 2, z = (rows[4 * r + 1] - 2) / 2;
        double output = w[12];
        for (size_t h = 0; h < 3; ++h) {
          output += w[9 + h] * std::tanh(w[2 * h] * x + w[2 * h + 1] * z + w[6 + h]);
        }
        total += 0.5 * std::pow(output - (rows[4 * r + 2] - 4) / 4, 2) / static_cast<double>(count);
      }
    }
    return total;
  };
  REQUIRE(model.size() == 13);
  const std::vector<int64_t> sum = Sum(study, model, members);
  const std::vector<double> at(model.begin(), model.end());
  for (size_t i = 0; i < model.size(); ++i) {
    std::vector<double> up = at, down = at;
    up[i] += 1e-5;
    down[i] -= 1e-5;
    REQUIRE_THAT(static_cast<double>(sum[i]) / kFine,
                 WithinAbs((loss(up) - loss(down)) / 2e-5, 1e-6));
  }
}

TEST_CASE("⚔ One member more changes the sum by no more than the clip, whatever the rows",
          "[learning]") {
  const std::vector<int> hidden = GENERATE(std::vector<int>{}, std::vector<int>{3});
  const study::Study study =
      MakeStudy(hidden.empty() ? study::ModelKind::kLinear : study::ModelKind::kMlp, hidden, 0.5);
  Members with = RandomMembers(130, 9);
  std::vector<float> model = study::InitialModel(study, *study::LayoutOf(study));
  for (float& weight : model) weight += 1000.0f;  // huge gradients, huge cancellation
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  const std::vector<double> attack =
      GENERATE_COPY(std::vector<double>{2, 4, 8, 1, -2, 0, 0, 0},  // rows that cancel
                    std::vector<double>{1e300, 1e300, 1e300, 1},   // out of bounds
                    std::vector<double>{infinite, -infinite, infinite, 1},
                    std::vector<double>{nan, 1, 1, 1, 1, nan, 1, 1});  // nothing usable
  with.rows[70] = attack;
  Members without = with;
  without.rows[70].clear();
  const auto a = Sum(study, model, with), b = Sum(study, model, without);
  REQUIRE(Norm(a, b) <= 0.5 * (1 + 1e-9));
}

TEST_CASE("⚔ A member's presence leaves every other batch bit for bit", "[learning]") {
  const study::Study study = MakeStudy(study::ModelKind::kMlp, {3}, 1.0);
  const std::vector<float> model = study::InitialModel(study, *study::LayoutOf(study));
  Members with = RandomMembers(64, 11);
  with.rows[5] = {1, 1, 1, 1};
  Members without = with;
  without.rows[5].clear();
  // The difference that member 5 makes does not depend on how many other members there are.
  Members longer_with = with, longer_without = without;
  for (const auto& rows : RandomMembers(64, 12).rows) {
    longer_with.rows.push_back(rows);
    longer_without.rows.push_back(rows);
  }
  const auto short_a = Sum(study, model, with), short_b = Sum(study, model, without);
  const auto long_a = Sum(study, model, longer_with), long_b = Sum(study, model, longer_without);
  for (size_t i = 0; i < short_a.size(); ++i) {
    REQUIRE(short_a[i] - short_b[i] == long_a[i] - long_b[i]);
  }
}

TEST_CASE("⚔ The coin of an empty slot changes no bit of the sum", "[learning]") {
  const study::Study study = MakeStudy(study::ModelKind::kMlp, {3}, 1.0);
  const std::vector<float> model = study::InitialModel(study, *study::LayoutOf(study));
  Members members = RandomMembers(200, 13);
  members.rows[5].clear();
  std::vector<bool> heads(200, true);
  for (size_t slot = 0; slot < heads.size(); slot += 3) heads[slot] = false;
  std::vector<bool> tails = heads;
  heads[5] = true;
  tails[5] = false;
  REQUIRE(Sum(study, model, members, heads) == Sum(study, model, members, tails));
}

}  // namespace mutual::client
