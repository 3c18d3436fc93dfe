// The arithmetic of local steps at a node, with sums that a test gives.
#include "client/node/local_steps.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_replace.h"
#include "aggregation/ring.h"
#include "privacy/discrete_gaussian.h"
#include "tests/catch.h"
#include "tests/client/local_round.h"
#include "tests/support/fake_trainer.h"
#include "tests/support/seeded_random.h"

namespace mutual::client {
namespace {

using testing::FakeTrainer;
using testing::LocalStudyText;

const std::vector<float> kStart = {0.25F, -0.5F};
const std::vector<double> kCentre = {0.75, -1.25};

// A round on a grid whose rounding is far below the tolerances.
AdmittedRound FineRound(const std::string& text) {
  AdmittedRound round = RoundOf(text);
  round.grid.scale = 0x1p20;
  return round;
}

// The node's sum of gradients of (h/2)‖w − c‖² · (N/n), so that n such nodes descend on h/2‖w −
// c‖².
FakeTrainer Quadratic(const AdmittedRound& round, double curvature) {
  const double worth = WorthOf(round);
  return FakeTrainer([worth, curvature](const TrainRound& work) {
    std::vector<double> sum;
    for (size_t i = 0; i < work.model.size(); ++i) {
      sum.push_back(curvature * (static_cast<double>(work.model[i]) - kCentre[i]) / worth);
    }
    return sum;
  });
}

std::vector<double> QuietDifference(const AdmittedRound& round, FakeTrainer& trainer,
                                    std::span<const float> start = kStart) {
  const SlotTable slots(2, {{34, 20}, {}, {60, 80}});
  testing::SeededRandom random(1);
  NoNoise noise;
  const auto vector = LocalSum({&round, &slots, start, &trainer}, random, noise);
  REQUIRE_OK(vector);
  return DifferenceOf(round, *vector);
}

double Norm(const std::vector<double>& values) {
  double squared = 0;
  for (const double value : values) squared += value * value;
  return std::sqrt(squared);
}

}  // namespace

TEST_CASE("One step without a proximal term is today's round, times the rate", "[local]") {
  AdmittedRound round = RoundOf(LocalStudyText(3, 2));
  StepsOf(round).count = 1;  // a study file asks for two at least
  StepsOf(round).rate = 0.3;
  AdmittedRound plain = RoundOf(testing::TrainStudyText(3));
  REQUIRE(plain.grid.scale == round.grid.scale);
  const SlotTable slots(2, {{34, 20}, {}, {60, 80}});
  FakeTrainer trainer = Quadratic(round, 2);
  testing::SeededRandom coins(1), seed(2), same_coins(1), same_seed(2);
  privacy::DiscreteGaussian noise(seed, 1), same_noise(same_seed, 1);
  const auto local = MakeContribution({&round, &slots, kStart, &trainer}, coins, noise);
  const auto sum = MakeContribution({&plain, &slots, kStart, &trainer}, same_coins, same_noise);
  REQUIRE_OK(local);
  REQUIRE_OK(sum);
  const std::vector<double> difference = DifferenceOf(round, aggregation::Centre(*local));
  const std::vector<int64_t> noised = aggregation::Centre(*sum);
  for (size_t i = 0; i < 2; ++i) {
    const double gradient = static_cast<double>(noised[i]) / plain.grid.scale * WorthOf(round);
    REQUIRE(std::abs(gradient) > 0.1);
    CHECK_THAT(difference[i], WithinAbs(-0.3 * gradient, 1e-5));
  }
}

TEST_CASE("Local steps are the plain loop", "[local]") {
  const int count = GENERATE(2, 7, 40);
  const double proximal = GENERATE(0.0, 0.8);
  AdmittedRound round = FineRound(LocalStudyText(3, count));
  StepsOf(round).rate = 0.2;
  StepsOf(round).proximal = proximal;
  FakeTrainer trainer = Quadratic(round, 1.5);
  const std::vector<double> difference = QuietDifference(round, trainer);
  std::vector<double> weights(kStart.begin(), kStart.end());
  for (int step = 0; step < count; ++step) {
    for (size_t i = 0; i < 2; ++i) {
      const double at = weights[i], start = static_cast<double>(kStart[i]);
      weights[i] = at - 0.2 * (1.5 * (at - kCentre[i]) + proximal * (at - start));
    }
  }
  REQUIRE(trainer.asked.size() == static_cast<size_t>(count));
  for (size_t i = 0; i < 2; ++i) {
    CHECK_THAT(difference[i], WithinAbs(weights[i] - static_cast<double>(kStart[i]), 1e-5));
  }
}

TEST_CASE("The proximal term holds the weights back as its closed form says", "[local]") {
  constexpr double kRate = 0.05, kCurvature = 2;
  double before = std::numeric_limits<double>::infinity();
  for (const double proximal : {0.0, 1.0, 10.0}) {
    AdmittedRound round = FineRound(LocalStudyText(3, 30));
    StepsOf(round).rate = kRate;
    StepsOf(round).proximal = proximal;
    FakeTrainer trainer = Quadratic(round, kCurvature);
    const std::vector<double> difference = QuietDifference(round, trainer);
    const double pull = kCurvature + proximal;
    const double share = kCurvature / pull * (1 - std::pow(1 - kRate * pull, 30));
    for (size_t i = 0; i < 2; ++i) {
      const double whole = kCentre[i] - static_cast<double>(kStart[i]);
      CHECK_THAT(difference[i], WithinAbs(share * whole, 1e-5));
    }
    CHECK(Norm(difference) < before);
    before = Norm(difference);
  }
}

TEST_CASE("A difference is scaled onto its bound and keeps its direction", "[local]") {
  AdmittedRound round = FineRound(LocalStudyText(3, 10));
  StepsOf(round).rate = 0.2;
  FakeTrainer trainer = Quadratic(round, 1.5);
  const std::vector<double> whole = QuietDifference(round, trainer);
  REQUIRE(Norm(whole) > 0.5);
  for (const double bound : {0.5, 0.01, 1e-6}) {
    StepsOf(round).bound = bound;
    const std::vector<double> clipped = QuietDifference(round, trainer);
    const double unit = 1 / study::DifferenceScale(bound, round.grid.clamp);
    CHECK_THAT(Norm(clipped), WithinAbs(bound, unit));
    for (size_t i = 0; i < 2; ++i) {
      CHECK_THAT(clipped[i], WithinAbs(whole[i] * bound / Norm(whole), unit + 1e-5 * bound));
    }
  }
  StepsOf(round).bound = 1000 * Norm(whole);
  CHECK_THAT(Norm(QuietDifference(round, trainer)), WithinRel(Norm(whole), 1e-4));
}

TEST_CASE("⚔ Whatever the steps lead to, no coordinate leaves the ring's share", "[local]") {
  const double bound = GENERATE(1e-6, 1.0, 3.0, 1e6);
  AdmittedRound round = RoundOf(LocalStudyText(3, 2));
  StepsOf(round).bound = bound;
  StepsOf(round).rate = 1e6;
  FakeTrainer trainer([](const TrainRound&) { return std::vector<double>{1e5, 0}; });
  const SlotTable slots(2, {{34, 20}});
  testing::SeededRandom random(1);
  NoNoise noise;
  const auto vector = LocalSum({&round, &slots, kStart, &trainer}, random, noise);
  REQUIRE_OK(vector);
  CHECK((*vector)[0] < -round.grid.clamp / 2);
  CHECK((*vector)[0] >= -round.grid.clamp);
  CHECK((*vector)[1] == 0);
}

TEST_CASE("⚔ Steps that diverge send zeros, not what is not a number", "[local]") {
  AdmittedRound round = RoundOf(LocalStudyText(3, 40));
  StepsOf(round).rate = 1e6;
  StepsOf(round).proximal = 1e6;
  FakeTrainer trainer([](const TrainRound&) { return std::vector<double>{1, -1}; });
  CHECK(QuietDifference(round, trainer) == std::vector<double>{0, 0});
  REQUIRE(trainer.asked.size() == 40);  // no step less: leaving out some would show
}

TEST_CASE("Held-out members are evaluated once, at the round's model, and noised", "[local]") {
  const AdmittedRound round = RoundOf(absl::StrReplaceAll(
      LocalStudyText(3, 4),
      {{"expected_members = 10", "expected_members = 10\nevaluation_share = 0.5"}}));
  FakeTrainer trainer([](const TrainRound& work) {
    double held_out = 0, training = 0;
    for (size_t slot = 0; slot < work.slots.size(); ++slot) {
      if (work.sampled[slot]) (work.held_out[slot] ? held_out : training) += 1;
    }
    return std::vector<double>{training, 0, held_out, 2, 3};
  });
  const SlotTable slots(2, std::vector<std::vector<double>>(40, {34, 20}));
  testing::SeededRandom random(1);
  NoNoise noise;
  const auto vector = LocalSum({&round, &slots, kStart, &trainer}, random, noise);
  REQUIRE_OK(vector);
  REQUIRE(vector->size() == round.recipe->dimension());
  int held_out = 0;
  for (size_t slot = 0; slot < 40; ++slot) held_out += IsHeldOut(round.study.digest, slot, 0.5);
  REQUIRE((held_out > 5 && held_out < 35));
  CHECK((*vector)[2] == std::llrint(held_out * round.grid.scale));
  CHECK((*vector)[4] == std::llrint(3 * round.grid.scale));
  CHECK(noise.counts == std::vector<size_t>{5, 2, 2, 2});
  CHECK(noise.stddevs == std::vector<int64_t>(4, round.grid.noise_stddev));
  for (size_t step = 1; step < 4; ++step) {
    for (size_t slot = 0; slot < 40; ++slot) {
      REQUIRE_FALSE((trainer.asked[step].sampled[slot] && trainer.asked[step].held_out[slot]));
    }
  }
}

TEST_CASE("⚔ A node's steps, coins and noise are as many whoever is there", "[local]") {
  AdmittedRound round = RoundOf(
      absl::StrReplaceAll(LocalStudyText(3, 6), {{"sampling_rate = 1", "sampling_rate = 0.5"}}));
  const std::vector<double> row = {34, 20}, bad = {std::nan(""), INFINITY};
  uint64_t bytes = 0;
  for (const auto& rows : {std::vector<std::vector<double>>(50), {50, row}, {50, bad}}) {
    FakeTrainer trainer([](const TrainRound& work) {
      double members = 0;
      for (size_t slot = 0; slot < work.slots.size(); ++slot) {
        members += work.sampled[slot] && work.slots[slot].row_count() > 0 ? 1 : 0;
      }
      return std::vector<double>{members, members};
    });
    const SlotTable slots(2, rows);
    testing::SeededRandom random(5);
    NoNoise noise;
    REQUIRE_OK(LocalSum({&round, &slots, kStart, &trainer}, random, noise));
    CHECK(trainer.asked.size() == 6);
    CHECK(noise.counts == std::vector<size_t>(6, 2));
    if (bytes == 0) bytes = random.filled();
    CHECK(random.filled() == bytes);
  }
  CHECK(bytes >= 6 * 50);  // a coin a slot a step
}

TEST_CASE("⚔ Every step has the clamp of a round", "[local]") {
  AdmittedRound round = RoundOf(LocalStudyText(3, 2));
  StepsOf(round).rate = 1;
  round.grid.clamp = std::llrint(100 * round.grid.scale);
  FakeTrainer trainer([](const TrainRound&) { return std::vector<double>{1e4, -20}; });
  const std::vector<double> difference = QuietDifference(round, trainer);
  CHECK_THAT(difference[0], WithinRel(-2 * 100 * WorthOf(round), 1e-2));
  CHECK_THAT(difference[1], WithinRel(2 * 20 * WorthOf(round), 1e-1));
}

}  // namespace mutual::client
