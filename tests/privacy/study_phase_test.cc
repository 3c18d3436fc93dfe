#include "privacy/study_phase.h"

#include <limits>

#include "privacy/loss_accountant.h"
#include "tests/catch.h"

namespace mutual::privacy {
namespace {

constexpr double kDelta = 1e-6;
const StudyCost kPlain{2, 0.1, 200};
const StudyCost kLocal{2, 0.1, 20, 10};  // as many noised sums

double EpsilonAt(const Phase& phase) { return EpsilonOf(std::span(&phase, 1), kDelta)->epsilon; }

}  // namespace

TEST_CASE("A study's phases are its rounds, and the released sum has the honest nodes' noise",
          "[accountant]") {
  const auto epsilons = EpsilonsOf(kPlain, 34, kDelta);
  REQUIRE_OK(epsilons);
  CHECK(epsilons->node == EpsilonAt({2, 0.1, 200}));
  CHECK(epsilons->released == EpsilonAt({PublicNoiseMultiplier(2, 34), 0.1, 200}));
  CHECK_THAT(epsilons->node, WithinRel(4.14, 0.03));  // by integer orders alone: 4.14
  CHECK_THAT(epsilons->released, WithinRel(0.54, 0.03));
}

TEST_CASE("⚔ Every local step is counted, and nobody else's noise with it", "[accountant]") {
  const auto local = EpsilonsOf(kLocal, 34, kDelta), plain = EpsilonsOf(kPlain, 34, kDelta);
  REQUIRE_OK(local);
  CHECK(local->node == plain->node);
  CHECK(local->released == local->node);
  CHECK(local->released > 7 * plain->released);
  const auto loss = LossEpsilonsOf(kLocal, 34, kDelta);
  REQUIRE_OK(loss);
  const Phase phase{2, 0.1, 200};
  CHECK(loss->node == *LossEpsilonOf(std::span(&phase, 1), kDelta));
  CHECK(loss->released == loss->node);
  CHECK(loss->released < local->released);
}

TEST_CASE("A round with local steps is charged as so many rounds, in both figures",
          "[accountant]") {
  const auto local = CurvesOf(kLocal.Over(1), 34);
  REQUIRE_OK(local);
  CHECK(local->node == *CurveOf(Phase{2, 0.1, 10}));
  CHECK(local->released == local->node);
  const auto plain = CurvesOf(kPlain.Over(1), 34);
  CHECK(plain->node == *CurveOf(Phase{2, 0.1, 1}));
  CHECK(plain->released == *CurveOf(Phase{PublicNoiseMultiplier(2, 34), 0.1, 1}));
}

TEST_CASE("More noised sums than can be added up are refused, not lost in a product",
          "[accountant]") {
  const StudyCost cost{2, 0.1, std::numeric_limits<uint64_t>::max() / 8, 16};
  CHECK(cost.noised_sums() == std::numeric_limits<uint64_t>::max());
  CHECK(absl::IsInvalidArgument(EpsilonsOf(cost, 2, kDelta).status()));
  CHECK(absl::IsInvalidArgument(CurvesOf(StudyCost{2, 0.1, 1'000'000, 11}, 2).status()));
  CHECK(absl::IsInvalidArgument(LossEpsilonsOf(cost, 2, kDelta).status()));
}

}  // namespace mutual::privacy
