#include "client/node/contribution.h"

#include <cmath>

#include "aggregation/ring.h"
#include "base/encoding.h"
#include "privacy/discrete_gaussian.h"
#include "tests/catch.h"
#include "tests/support/seeded_random.h"
#include "tests/support/study_text.h"

namespace mutual::client {
namespace {

class NoNoise final : public privacy::NoiseSource {
 public:
  void AddNoise(int64_t stddev, std::span<int64_t>) override { stddev_ = stddev; }
  int64_t stddev_ = 0;
};

AdmittedRound MakeRound(double sampling_rate = 1) {
  AdmittedRound round;
  round.study = *study::ParseStudy(testing::MeanStudyText(), SolveNoise);
  round.recipe = *study::MakeRecipe(round.study);
  round.terms.sampling_rate = sampling_rate;
  round.terms.vector_length = round.recipe->dimension();
  round.grid =
      *privacy::MakeGrid({3, round.recipe->member_bound(), 2, 4, privacy::Rounding::kPerMember});
  return round;
}

}  // namespace

TEST_CASE("A contribution is the grid sum of the members' vectors plus noise", "[contribution]") {
  const AdmittedRound round = MakeRound();
  // Two members at the upper bound (u = 1) and one in the middle (u = 0); two empty slots.
  const SlotTable slots(1, {{60}, {}, {60, 60}, {34}, {}});
  testing::SeededRandom random(1);
  NoNoise noise;
  const auto words = MakeContribution({&round, &slots, {}, nullptr}, random, noise);
  REQUIRE_OK(words);
  REQUIRE(noise.stddev_ == round.grid.noise_stddev);
  const auto unit = static_cast<int64_t>(round.grid.scale);
  REQUIRE(aggregation::Centre(*words) == std::vector<int64_t>{3 * unit, 2 * unit, 2 * unit});
}

TEST_CASE("With noise, two contributions for the same rows differ", "[contribution]") {
  const AdmittedRound round = MakeRound();
  const SlotTable slots(1, {{60}});
  crypto::SystemRandom random;
  privacy::DiscreteGaussian noise(random, 1);
  const auto first = MakeContribution({&round, &slots, {}, nullptr}, random, noise);
  const auto second = MakeContribution({&round, &slots, {}, nullptr}, random, noise);
  REQUIRE_OK(first);
  // Equal with probability below (1/σ)^3, σ >= 64, were the sampler right.
  REQUIRE(*first != *second);
}

TEST_CASE("⚔ A member whose values are not finite counts as an empty slot", "[contribution]") {
  const AdmittedRound round = MakeRound();
  testing::SeededRandom random(1);
  const SlotTable bad(1, {{std::nan("")}, {INFINITY}, {60}});
  const SlotTable empty(1, {{}, {}, {60}});
  REQUIRE(*GridSum({&round, &bad, {}, nullptr}, random) ==
          *GridSum({&round, &empty, {}, nullptr}, random));
}

TEST_CASE("A node's sum is clamped so that the roster's sums fit the ring", "[contribution]") {
  AdmittedRound round = MakeRound();
  round.grid.clamp = 150;
  const SlotTable slots(1, {{60}, {60}, {60}});
  testing::SeededRandom random(1);
  const std::vector<int64_t> sum = *GridSum({&round, &slots, {}, nullptr}, random);
  REQUIRE(sum == std::vector<int64_t>{150, 150, 150});
}

TEST_CASE("⚔ Sampling draws a coin for every slot, empty or not", "[contribution]") {
  const AdmittedRound round = MakeRound(0.5);
  // The same coins fall whoever is there: the coin stream is as long for empty slots.
  const SlotTable full(1, std::vector<std::vector<double>>(100, {60.0}));
  const SlotTable empty(1, std::vector<std::vector<double>>(100));
  testing::SeededRandom a(5), b(5);
  REQUIRE_OK(GridSum({&round, &full, {}, nullptr}, a));
  REQUIRE_OK(GridSum({&round, &empty, {}, nullptr}, b));
  REQUIRE(a.filled() == b.filled());
}

TEST_CASE("⚔ A node contributes whether or not anybody consents, and nothing shows which",
          "[contribution]") {
  const double rate = GENERATE(1.0, 0.5);
  const AdmittedRound round = MakeRound(rate);
  testing::SeededRandom random(1);
  NoNoise noise;
  // Nobody ever, everybody withdrew, everybody there: a vector of one length, and no refusal.
  for (const SlotTable& slots :
       {SlotTable(1, {}), SlotTable(1, std::vector<std::vector<double>>(9)),
        SlotTable(1, std::vector<std::vector<double>>(9, {60.0}))}) {
    const auto words = MakeContribution({&round, &slots, {}, nullptr}, random, noise);
    REQUIRE_OK(words);
    CHECK(words->size() == round.recipe->dimension());
  }
}

TEST_CASE("The held-out share is a fixed hash of slot and study", "[contribution]") {
  Digest study;
  int held_out = 0;
  for (uint64_t slot = 0; slot < 10000; ++slot) held_out += IsHeldOut(study, slot, 0.2) ? 1 : 0;
  // Binomial(10000, 0.2): six standard deviations are 240; the outcome is fixed.
  REQUIRE(std::abs(held_out - 2000) < 240);
  REQUIRE(IsHeldOut(study, 3, 0.2) == IsHeldOut(study, 3, 0.2));
  REQUIRE_FALSE(IsHeldOut(study, 3, 0));
}

}  // namespace mutual::client
