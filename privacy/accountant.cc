#include "privacy/accountant.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/status.h"
#include "privacy/renyi_integral.h"

namespace mutual::privacy {
namespace {

constexpr double kSmallestMultiplier = 0.2;
constexpr double kLargestMultiplier = 1e6;  // z·√h of a large federation
constexpr double kLargestSearched = 1000;
constexpr uint64_t kMostRounds = 10'000'000;

// Covers the rounding of everything below (docs/PRIVACY.md, "Never below the truth").
constexpr double kRoundUp = 1 + 1e-8;

constexpr int kOrderCount = 71;
constexpr std::array<int, kOrderCount> MakeOrders() {
  std::array<int, kOrderCount> orders{};
  size_t i = 0;
  for (int order = 2; order <= 64; ++order) orders[i++] = order;
  for (const int order : {80, 96, 128, 192, 256, 384, 512, 1024}) orders[i++] = order;
  return orders;
}
constexpr std::array<int, kOrderCount> kOrders = MakeOrders();

double LogExpm1(double x) {
  return x > 36 ? x + std::log1p(-std::exp(-x)) : std::log(std::expm1(x));
}

// ln(1 + e^x) without loss at either end. Where e^x is below every double it returns the
// smallest normal one, which is above.
double LogOnePlusExp(double x) {
  if (x > 36) return x + std::log1p(std::exp(-x));
  return std::max(std::log1p(std::exp(x)), std::numeric_limits<double>::min());
}

// RDP of one round at an integer order: ln(1 + Σ_{j>=2} C(a,j)(1−q)^{a−j}q^j(e^{j(j−1)/2z²} − 1))
// over a − 1. All terms are positive, and 1 is never added before the logarithm.
double RoundRdp(int order, const Phase& phase) {
  const double variance = phase.noise_multiplier * phase.noise_multiplier;
  if (phase.sampling_rate == 1) return order / (2 * variance) * kRoundUp;
  const double log_q = std::log(phase.sampling_rate);
  const double log_rest = std::log1p(-phase.sampling_rate);
  std::array<double, 1025> logs{};
  double log_binomial = std::log(static_cast<double>(order));  // C(a, 1)
  double largest = -INFINITY;
  for (int j = 2; j <= order; ++j) {
    log_binomial += std::log(static_cast<double>(order - j + 1) / j);
    const double exponent = static_cast<double>(j) * (j - 1) / (2 * variance);
    const double value = log_binomial + j * log_q + (order - j) * log_rest + LogExpm1(exponent);
    logs[static_cast<size_t>(j)] = value;
    largest = std::max(largest, value);
  }
  double sum = 0;
  for (int j = 2; j <= order; ++j) sum += std::exp(logs[static_cast<size_t>(j)] - largest);
  return LogOnePlusExp(largest + std::log(sum)) / (order - 1) * kRoundUp;
}

absl::Status ValidatePhase(const Phase& phase) {
  if (!(phase.noise_multiplier >= kSmallestMultiplier &&
        phase.noise_multiplier <= kLargestMultiplier)) {
    return InvalidArgument(
        "the noise multiplier is %g, want 0.2 to 1000 (times the root of the "
        "number of honest nodes)",
        phase.noise_multiplier);
  }
  if (!(phase.sampling_rate > 0 && phase.sampling_rate <= 1)) {
    return InvalidArgument("the sampling rate is %g, want more than 0 and at most 1",
                           phase.sampling_rate);
  }
  if (phase.rounds > kMostRounds) {
    return InvalidArgument("there are %d rounds, want at most 10 million", phase.rounds);
  }
  return absl::OkStatus();
}

absl::Status ValidateDelta(double delta) {
  if (delta > 0 && delta < 1) return absl::OkStatus();
  return InvalidArgument("delta is %g, want more than 0 and less than 1", delta);
}

// Canonne, Kamath, Steinke 2020, Prop. 12, at any real order > 1.
double Convert(double rdp, double order, double delta) {
  if (rdp <= 0) return 0;
  const double epsilon =
      rdp + std::log1p(-1 / order) - (std::log(delta) + std::log(order)) / (order - 1);
  // An (ε, δ) pair with ε < 0 is also one with ε = 0. The slack covers float64 rounding.
  if (std::isnan(epsilon)) return INFINITY;
  return std::max(epsilon + 1e-12 * (1 + std::abs(epsilon)), 0.0);
}

// (a − 1)·RDP(a) of all phases at a real order.
double CumulantOf(std::span<const Phase> phases, double order) {
  double total = 0;
  for (const Phase& phase : phases) {
    const double variance = phase.noise_multiplier * phase.noise_multiplier;
    const double moment = phase.sampling_rate == 1
                              ? order * (order - 1) / (2 * variance) * kRoundUp
                              : LogMoment({order, phase.noise_multiplier, phase.sampling_rate});
    total += moment * static_cast<double>(phase.rounds);
  }
  return total * (1 + 1e-12);
}

// Orders between the integers matter only near small ones. ε as a function of a real order
// falls, then rises, so the best multiple of 0.1 lies within 1 of the best integer, and the
// figure is the smallest over one fixed set of orders: monotone in the noise.
Epsilon Refine(std::span<const Phase> phases, double delta, Epsilon best) {
  const int integer = best.order;
  for (int tenth = 10 * (integer - 1) + 1; tenth < std::min(10 * (integer + 1), 120); ++tenth) {
    if (tenth % 10 == 0) continue;
    const double order = tenth / 10.0;
    const double epsilon = Convert(CumulantOf(phases, order) / (order - 1), order, delta);
    if (epsilon < best.epsilon) best = {epsilon, tenth / 10};
  }
  return best;
}

}  // namespace

std::span<const int> RenyiOrders() { return kOrders; }

absl::StatusOr<RenyiCurve> CurveOf(const Phase& phase) {
  MUTUAL_RETURN_IF_ERROR(ValidatePhase(phase));
  RenyiCurve curve(kOrders.size(), 0);
  if (phase.rounds == 0) return curve;
  for (size_t i = 0; i < kOrders.size(); ++i) {
    curve[i] = RoundRdp(kOrders[i], phase) * static_cast<double>(phase.rounds);
  }
  return curve;
}

absl::StatusOr<RenyiCurve> CurveOf(std::span<const Phase> phases) {
  RenyiCurve total(kOrders.size(), 0);
  for (const Phase& phase : phases) {
    MUTUAL_ASSIGN_OR_RETURN(const RenyiCurve curve, CurveOf(phase));
    AddCurve(curve, &total);
  }
  return total;
}

void AddCurve(const RenyiCurve& more, RenyiCurve* total) {
  if (total->size() < more.size()) total->resize(more.size(), 0);
  for (size_t i = 0; i < more.size(); ++i) {
    if (more[i] == 0) continue;
    const double sum = (*total)[i] + more[i];
    (*total)[i] = (*total)[i] == 0 ? sum : std::nextafter(sum, INFINITY);
  }
}

double EpsilonAtOrder(double rdp, int order, double delta) {
  if (!(rdp >= 0) || order < 2) return INFINITY;
  return Convert(rdp, order, delta);
}

absl::StatusOr<Epsilon> EpsilonOf(const RenyiCurve& curve, double delta) {
  MUTUAL_RETURN_IF_ERROR(ValidateDelta(delta));
  if (curve.size() != kOrders.size()) {
    return InvalidArgument("the curve has %d orders, want %d", curve.size(), kOrders.size());
  }
  Epsilon best{INFINITY, kOrders[0]};
  for (size_t i = 0; i < kOrders.size(); ++i) {
    const double epsilon = EpsilonAtOrder(curve[i], kOrders[i], delta);
    if (epsilon < best.epsilon) best = {epsilon, kOrders[i]};
  }
  return best;
}

absl::StatusOr<Epsilon> EpsilonOf(std::span<const Phase> phases, double delta) {
  MUTUAL_ASSIGN_OR_RETURN(const RenyiCurve curve, CurveOf(phases));
  MUTUAL_ASSIGN_OR_RETURN(const Epsilon best, EpsilonOf(curve, delta));
  const bool is_tiny = std::any_of(phases.begin(), phases.end(),
                                   [](const Phase& phase) { return phase.sampling_rate < 1e-12; });
  if (best.epsilon == 0 || best.order > 12 || is_tiny) return best;
  return Refine(phases, delta, best);
}

absl::StatusOr<double> NoiseMultiplierFor(const NoiseTarget& target) {
  if (!(target.epsilon > 0)) {
    return InvalidArgument("the target epsilon is %g, want more than 0", target.epsilon);
  }
  const auto epsilon_at = [&target](double multiplier) -> absl::StatusOr<double> {
    const Phase phase{multiplier, target.sampling_rate, target.rounds};
    MUTUAL_ASSIGN_OR_RETURN(const Epsilon found, EpsilonOf({&phase, 1}, target.delta));
    return found.epsilon;
  };
  double low = kSmallestMultiplier, high = kLargestSearched;
  MUTUAL_ASSIGN_OR_RETURN(const double most_noise, epsilon_at(high));
  if (most_noise > target.epsilon) {
    return OutOfRange(
        "epsilon %g needs a noise multiplier above 1000 (which gives %g): allow "
        "more, or ask for fewer rounds or a lower sampling rate",
        target.epsilon, most_noise);
  }
  MUTUAL_ASSIGN_OR_RETURN(const double least_noise, epsilon_at(low));
  if (least_noise <= target.epsilon) return low;
  while (high > low * (1 + 1e-6)) {
    const double middle = std::sqrt(low * high);
    MUTUAL_ASSIGN_OR_RETURN(const double epsilon, epsilon_at(middle));
    (epsilon <= target.epsilon ? high : low) = middle;
  }
  return high;  // tried, and within the target
}

double PublicNoiseMultiplier(double noise_multiplier, int honest_nodes) {
  if (honest_nodes <= 1) return noise_multiplier;  // a node's own noise is always there
  return std::nextafter(noise_multiplier * std::sqrt(static_cast<double>(honest_nodes)), 0.0);
}

}  // namespace mutual::privacy
