// Local steps with the real trainer: the plain loop of its sums, and a model that learns.
#include <cmath>

#include "absl/strings/str_replace.h"
#include "client/learning/trainer.h"
#include "study/model.h"
#include "tests/catch.h"
#include "tests/client/local_round.h"
#include "tests/support/seeded_random.h"

namespace mutual::client {
namespace {

constexpr int kSteps = 6;

// Wage by age; the members' rows fall on a line, some with several rows, some slots empty.
SlotTable Line() {
  std::vector<std::vector<double>> rows;
  for (int i = 0; i < 60; ++i) {
    std::vector<double> member;
    for (int row = 0; row < i % 4; ++row) {
      const double age = 16 + (64.0 / 60) * i;
      member.insert(member.end(), {8 + 52 * (age - 16) / 64, age});
    }
    rows.push_back(std::move(member));
  }
  return SlotTable(2, std::move(rows));
}

AdmittedRound LineRound(const std::string& model) {
  AdmittedRound round = RoundOf(absl::StrReplaceAll(
      testing::LocalStudyText(3, kSteps), {{"model = \"linear\"", model},
                                           {"expected_members = 10", "expected_members = 180"}}));
  round.grid.scale = 0x1p20;  // rounding far below the tolerances
  StepsOf(round).proximal = 0.3;
  return round;
}

std::vector<double> PlainLoop(const AdmittedRound& round, const SlotTable& slots, Trainer& trainer,
                              const std::vector<float>& start) {
  const study::LocalSteps& steps = *std::get<study::TrainSpec>(round.study.recipe).local;
  std::vector<study::MemberRows> rows;
  for (size_t i = 0; i < slots.slot_count(); ++i) rows.push_back(slots.slot(i));
  std::vector<double> weights(start.begin(), start.end());
  for (int step = 0; step < steps.count; ++step) {
    const std::vector<float> model(weights.begin(), weights.end());
    const TrainRound work{&round.study,
                          model,
                          rows,
                          std::vector<bool>(rows.size(), true),
                          std::vector<bool>(rows.size(), false),
                          round.grid.scale};
    std::vector<int64_t> sum(weights.size(), 0);
    REQUIRE_OK(trainer.AddClippedSum(work, sum));
    for (size_t i = 0; i < weights.size(); ++i) {
      const double gradient = static_cast<double>(sum[i]) / round.grid.scale * WorthOf(round);
      const double pull = steps.proximal * (weights[i] - static_cast<double>(start[i]));
      weights[i] -= steps.rate * (gradient + pull);
    }
  }
  for (size_t i = 0; i < weights.size(); ++i) weights[i] -= static_cast<double>(start[i]);
  return weights;
}

}  // namespace

TEST_CASE("Local steps through the trainer are the plain loop of its sums", "[local]") {
  const std::string model = GENERATE("model = \"linear\"", "model = \"mlp\"\nhidden = [5]");
  const AdmittedRound round = LineRound(model);
  const auto trainer = LoadTrainer();
  REQUIRE_OK(trainer);
  const SlotTable slots = Line();
  std::vector<float> start = study::InitialModel(round.study, *study::LayoutOf(round.study));
  for (size_t i = 0; i < start.size(); ++i) start[i] += 0.01F * static_cast<float>(i % 7);
  testing::SeededRandom random(1);
  NoNoise noise;
  const auto vector = LocalSum({&round, &slots, start, trainer->get()}, random, noise);
  REQUIRE_OK(vector);
  const std::vector<double> found = DifferenceOf(round, *vector);
  const std::vector<double> wanted = PlainLoop(round, slots, **trainer, start);
  double moved = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    CHECK_THAT(found[i], WithinAbs(wanted[i], 1e-5));
    moved += std::abs(wanted[i]);
  }
  CHECK(moved > 0.1);
}

TEST_CASE("Nodes that step for themselves and are averaged learn the line", "[local]") {
  AdmittedRound round = LineRound("model = \"linear\"");
  StepsOf(round).proximal = 0;
  const auto trainer = LoadTrainer();
  REQUIRE_OK(trainer);
  const SlotTable slots = Line();
  std::vector<float> model(2, 0.0F);
  testing::SeededRandom random(1);
  NoNoise noise;
  for (int r = 0; r < 15; ++r) {  // four nodes with the same members: their mean is any of them
    const auto vector = LocalSum({&round, &slots, model, trainer->get()}, random, noise);
    REQUIRE_OK(vector);
    const std::vector<double> difference = DifferenceOf(round, *vector);
    for (size_t i = 0; i < 2; ++i) model[i] += static_cast<float>(difference[i]);
  }
  // In units of the bounds the wage is the age.
  CHECK_THAT(static_cast<double>(model[0]), WithinAbs(1, 0.01));
  CHECK_THAT(static_cast<double>(model[1]), WithinAbs(0, 0.01));
}

}  // namespace mutual::client
