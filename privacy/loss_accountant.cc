#include "privacy/loss_accountant.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "base/status.h"
#include "privacy/gaussian_curve.h"
#include "privacy/loss_law.h"
#include "privacy/loss_sum.h"

namespace mutual::privacy {
namespace {

constexpr double kTail = 1e-6;           // of δ, over all rounds: losses counted as infinite
constexpr double kAccuracy = 5e-5;       // what rounding losses to the grid may add, of ε
constexpr double kMostBins = 1 << 20;    // of one round's law
constexpr double kMostPoints = 1 << 22;  // of a transform
constexpr double kLargestLoss = 600;
constexpr double kFirstBins = 1024;
constexpr int kRefinements = 8;
constexpr size_t kMostPhases = 256;

// Rounds of one kind, and where their losses lie.
struct Kind {
  LossRound round;
  double count;
  LossRange range;
};

// Equal phases added up, those without sampling combined into one round: so the answer does not
// depend on how or in which order a plan is written down.
std::vector<Kind> KindsOf(std::span<const Phase> phases, double* squared_mu) {
  std::vector<Phase> sorted(phases.begin(), phases.end());
  std::sort(sorted.begin(), sorted.end(), [](const Phase& a, const Phase& b) {
    return std::tie(a.sampling_rate, a.noise_multiplier, a.rounds) <
           std::tie(b.sampling_rate, b.noise_multiplier, b.rounds);
  });
  std::vector<Kind> kinds;
  *squared_mu = 0;
  for (const Phase& phase : sorted) {
    const double z = phase.noise_multiplier, q = phase.sampling_rate;
    const auto count = static_cast<double>(phase.rounds);
    if (count == 0) continue;
    if (q == 1) {
      *squared_mu += count / (z * z);
    } else if (!kinds.empty() && kinds.back().round.sampling_rate == q &&
               kinds.back().round.noise_multiplier == z) {
      kinds.back().count += count;
    } else {
      kinds.push_back({{z, q}, count, {}});
    }
  }
  return kinds;
}

// Both directions of all kinds on one grid.
struct Sums {
  LossSum remove, add;
};

Sums SumsOf(const std::vector<Kind>& kinds, double step) {
  std::vector<LossTerm> remove, add;
  for (const Kind& kind : kinds) {
    LossLaws laws = DiscretiseLoss(kind.round, kind.range, step);
    remove.push_back({std::move(laws.remove), kind.count});
    add.push_back({std::move(laws.add), kind.count});
  }
  return {LossSum(std::move(remove), step), LossSum(std::move(add), step)};
}

// Rounding a loss to the grid adds about h²/12 to its mean and h²/6 to its variance: over all
// rounds count·h²(θ + 1)/12 to ε where the tilt is θ.
double WantedStep(double count, double tilt, double epsilon) {
  return std::sqrt(12 * kAccuracy * std::max(epsilon, 1e-9) / (count * (tilt + 1)));
}

// The larger of both directions' epsilons, and the tilt that belongs to it.
struct Larger {
  double epsilon, tilt;
};

// A Chernoff bound is an epsilon too: where it is below the other direction's figure, nothing
// needs to be composed.
Larger EpsilonOn(const Sums& sums, double delta, const LossEstimate& remove,
                 const LossEstimate& add) {
  const double removed = sums.remove.EpsilonFor(delta, remove);
  if (add.epsilon <= removed) return {removed, remove.tilt};
  const double added = sums.add.EpsilonFor(delta, add);
  return removed >= added ? Larger{removed, remove.tilt} : Larger{added, add.tilt};
}

// Composes on finer and finer grids until rounding to the grid no longer matters, or the grid
// becomes too large (the figure is then a loose bound).
double Compose(const std::vector<Kind>& kinds, double delta) {
  double count = 0, span = 0;
  for (const Kind& kind : kinds) {
    count += kind.count;
    span = std::max(span, kind.range.high - kind.range.low);
  }
  const double finest = span / kMostBins;
  double step = span / kFirstBins;
  double best = INFINITY;
  for (int i = 0; i < kRefinements; ++i) {
    const Sums sums = SumsOf(kinds, step);
    const LossEstimate remove = sums.remove.EstimateFor(delta), add = sums.add.EstimateFor(delta);
    const LossEstimate& larger = remove.epsilon >= add.epsilon ? remove : add;
    const double window = std::max(remove.high - remove.low, add.high - add.low);
    const double least = std::max(finest, window / kMostPoints);
    double wanted = WantedStep(count, larger.tilt, larger.epsilon);
    if (step <= std::max(wanted, least) * 1.01) {
      const Larger found = EpsilonOn(sums, delta, remove, add);
      best = std::min(best, found.epsilon);
      wanted = WantedStep(count, found.tilt, found.epsilon);
      if (found.epsilon == 0 || step <= std::max(2 * wanted, least) * 1.01) break;
    }
    step = std::max(wanted, std::max(least, step / 64));
  }
  return best;
}

}  // namespace

absl::StatusOr<double> GaussianLossEpsilon(std::span<const Phase> phases, double delta) {
  MUTUAL_ASSIGN_OR_RETURN(const Epsilon renyi, EpsilonOf(phases, delta));
  double squared_mu = 0;
  std::vector<Kind> kinds = KindsOf(phases, &squared_mu);
  if (kinds.empty()) {
    return squared_mu == 0 ? 0.0
                           : std::min(renyi.epsilon, GaussianEpsilon(std::sqrt(squared_mu), delta));
  }
  if (squared_mu > 0) kinds.push_back({{1 / std::sqrt(squared_mu), 1.0}, 1, {}});
  if (kinds.size() > kMostPhases) return renyi.epsilon;
  double count = 0, edges = 0;
  for (const Kind& kind : kinds) count += kind.count;
  for (Kind& kind : kinds) {
    kind.range = RangeOf(kind.round, kTail * delta / count);
    if (!(kind.range.high < kLargestLoss && kind.range.low > -kLargestLoss)) return renyi.epsilon;
    edges += kind.count * LossEdgeError(kind.round, kind.range);
  }
  return std::min(renyi.epsilon, (Compose(kinds, delta) + edges) * (1 + 1e-9));
}

double ContinuousMultiplier(double noise_multiplier) {
  const double stddev = std::max(64.0, 100 * noise_multiplier);
  return noise_multiplier * std::sqrt(1 - 4 / (stddev * stddev));
}

absl::StatusOr<double> LossEpsilonOf(std::span<const Phase> phases, double delta) {
  MUTUAL_ASSIGN_OR_RETURN(const Epsilon renyi, EpsilonOf(phases, delta));
  std::vector<Phase> continuous(phases.begin(), phases.end());
  for (Phase& phase : continuous) {
    phase.noise_multiplier = std::max(ContinuousMultiplier(phase.noise_multiplier), 0.2);
  }
  MUTUAL_ASSIGN_OR_RETURN(const double epsilon, GaussianLossEpsilon(continuous, delta));
  return std::min(renyi.epsilon, epsilon);
}

}  // namespace mutual::privacy
