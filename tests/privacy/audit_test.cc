// An empirical audit: does the whole path from member to noised grid point keep its epsilon?
//
// A count of 20 members is taken with and without one extreme member, many times. Any event E
// proves epsilon >= ln((P(E | with) − delta)/P(E | without)). The events are half-lines at 60
// thresholds; all probabilities are bounded by Chernoff's inequality at e^-16 each, so an honest
// mechanism with a true epsilon equal to its claim would fail with probability below
// 60·2·2·e^-16 = 3e-5 before the seed was fixed (and claims are above the truth).
#include <algorithm>
#include <cmath>
#include <vector>

#include "privacy/accountant.h"
#include "privacy/clipping.h"
#include "privacy/discrete_gaussian.h"
#include "privacy/grid.h"
#include "privacy/sampling.h"
#include "tests/support/seeded_random.h"

#include "tests/catch.h"

namespace mutual::privacy {
namespace {

constexpr int kTrials = 1'000'000;
constexpr int kThresholds = 60;
constexpr double kDelta = 0.01;
constexpr double kLogFailure = 16;

struct Setting {
  double noise_multiplier;
  double sampling_rate;
  int64_t noise_divisor;  // 1 honest; 2 and more: the noise is cut, the claim is not
};

// One noised sum over the sampled members, in units of the bound.
class CountQuery {
 public:
  explicit CountQuery(const Setting& setting)
      : setting_(setting),
        grid_(*MakeGrid({1, 1.0, setting.noise_multiplier, 12, Rounding::kPerMember})),
        random_(41),
        noise_(random_, 1) {}

  double Run(const std::vector<double>& members) {
    const std::vector<bool> sampled =
        *SampleSlots(members.size(), setting_.sampling_rate, random_);
    int64_t sum = 0;
    for (size_t slot = 0; slot < members.size(); ++slot) {
      double vector = members[slot];
      ClipL2(1.0, std::span(&vector, 1));
      if (sampled[slot]) sum += std::llround(vector * grid_.scale);
    }
    sum = std::clamp(sum, -grid_.clamp, grid_.clamp);
    noise_.AddNoise(grid_.noise_stddev / setting_.noise_divisor, std::span(&sum, 1));
    return static_cast<double>(sum) / grid_.scale;
  }

 private:
  Setting setting_;
  Grid grid_;
  testing::SeededRandom random_;
  DiscreteGaussian noise_;
};

// How many of the runs end above each threshold.
std::vector<double> CountsAbove(CountQuery& query, const std::vector<double>& members,
                                const std::vector<double>& thresholds) {
  std::vector<double> counts(thresholds.size(), 0.0);
  for (int trial = 0; trial < kTrials; ++trial) {
    const double result = query.Run(members);
    for (size_t i = 0; i < thresholds.size() && result > thresholds[i]; ++i) counts[i] += 1;
  }
  return counts;
}

// Chernoff: the expected count is at least, at most this unless an event of e^-16 happened.
double AtLeast(double count) { return count - std::sqrt(2 * kLogFailure * count); }
double AtMost(double count) {
  return count + kLogFailure + std::sqrt(2 * kLogFailure * count + kLogFailure * kLogFailure);
}

double LowerBound(const std::vector<double>& more, const std::vector<double>& fewer) {
  double best = 0;
  for (size_t i = 0; i < more.size(); ++i) {
    const double surplus = AtLeast(more[i]) - kDelta * kTrials;
    if (surplus > 0) best = std::max(best, std::log(surplus / AtMost(fewer[i])));
  }
  return best;
}

double AuditedEpsilon(const Setting& setting) {
  // Nineteen members whose values cancel, then the extreme one: 1000 times its bound.
  std::vector<double> members(20, 0.0);
  for (size_t i = 0; i < 18; ++i) members[i] = i % 2 == 0 ? 0.25 : -0.25;
  std::vector<double> neighbour = members;
  members[19] = 1000;
  std::vector<double> thresholds;
  for (int i = 0; i < kThresholds; ++i) {
    thresholds.push_back(setting.noise_multiplier * (-1.5 + 0.1 * i));
  }
  CountQuery query(setting);
  return LowerBound(CountsAbove(query, members, thresholds),
                    CountsAbove(query, neighbour, thresholds));
}

double ClaimedEpsilon(const Setting& setting) {
  const Phase phase{setting.noise_multiplier, setting.sampling_rate, 1};
  const auto epsilon = EpsilonOf(std::span(&phase, 1), kDelta);
  REQUIRE_OK(epsilon);
  return epsilon->epsilon;
}

}  // namespace

TEST_CASE("The audited epsilon stays below the claim, and passes it when the noise is cut",
          "[.slow]") {
  const double rate = GENERATE(1.0, 0.5);
  const Setting honest{1.0, rate, 1};
  const double claimed = ClaimedEpsilon(honest);
  const double audited = AuditedEpsilon(honest);
  const double halved = AuditedEpsilon({1.0, rate, 2});
  CAPTURE(rate, claimed, audited, halved);
  CHECK(audited <= claimed);
  CHECK(audited > 0.4 * claimed);  // the audit sees most of what there is
  CHECK(halved > claimed);
}

}  // namespace mutual::privacy
