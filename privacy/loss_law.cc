#include "privacy/loss_law.h"

#include <algorithm>
#include <cmath>

#include "privacy/gaussian_curve.h"

namespace mutual::privacy {
namespace {

constexpr double kUnit = 0x1p-53;

// A number and a bound on its error.
struct Bounded {
  double value;
  double error;
};

// Where an edge cuts N(0,1): the smaller of the two tails, which has relative accuracy.
struct Cut {
  Bounded tail;
  bool is_upper;  // the tail above the edge
};

// The tail changes by t² times the relative rounding of t.
Cut CutAt(double t) {
  const double tail = NormalTail(std::fabs(t));
  const double error = tail > 0 ? (8 + 2 * t * t) * kUnit * tail : 0;
  return {{tail, error}, t >= 0};
}

double Above(const Cut& cut) { return cut.is_upper ? cut.tail.value : 1 - cut.tail.value; }
double Below(const Cut& cut) { return cut.is_upper ? 1 - cut.tail.value : cut.tail.value; }

Bounded Between(const Cut& low, const Cut& high) {
  const double error = low.tail.error + high.tail.error;
  if (low.is_upper) return {std::max(low.tail.value - high.tail.value, 0.0), error};
  if (!high.is_upper) return {std::max(high.tail.value - low.tail.value, 0.0), error};
  return {1 - low.tail.value - high.tail.value, error + kUnit};
}

// A grid point's place x, as it cuts both Gaussians, and e^{(2x−1)/2z²} there (negative or zero
// where the loss never comes that low).
struct Edge {
  double loss, ratio;
  Cut plain, shifted;
};

Edge EdgeAt(const LossRound& round, double loss) {
  const double z = round.noise_multiplier, q = round.sampling_rate;
  // (e^loss − 1 + q)/q, in the form that cancels less.
  const double ratio = (loss > -0.5 ? std::expm1(loss) + q : std::exp(loss) - (1 - q)) / q;
  const double x = ratio > 0 ? z * z * std::log(ratio) + 0.5 : -INFINITY;
  return {loss, ratio, CutAt(x / z), CutAt((x - 1) / z)};
}

double LossAt(const LossRound& round, double x) {
  const double q = round.sampling_rate;
  const double exponent = (2 * x - 1) / (2 * round.noise_multiplier * round.noise_multiplier);
  if (q == 1) return exponent;
  if (exponent < 30) return std::log1p(q * std::expm1(exponent));
  return exponent + std::log(q) + std::log1p((1 - q) / q * std::exp(-exponent));
}

// The point below `most` at which a decreasing `tail_at` comes down to `tail`.
template <typename Tail>
double Descend(const Tail& tail_at, double most, double tail) {
  double low = 0, high = most;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (tail_at(middle) > tail ? low : high) = middle;
  }
  return high;
}

// Divides `mass` of a bin between its ends; `excess` is mass − (the other law's mass)·e^{low
// end}, which the upper end explains.
struct Share {
  double upper, lower;
};
Share Divide(const Bounded& mass, const Bounded& excess, double width) {
  const double all = mass.value + mass.error;
  const double upper = std::clamp((excess.value + excess.error) / width, 0.0, all);
  return {upper, all - upper};
}

// A bin of losses between two edges; width = 1 − e^−step.
struct Bin {
  const Edge& low;
  const Edge& high;
  double width;
};
struct BinShares {
  Share remove, add;
};

BinShares SharesOf(const LossRound& round, const Bin& bin) {
  const double q = round.sampling_rate;
  const Bounded plain = Between(bin.low.plain, bin.high.plain);
  const Bounded shifted = Between(bin.low.shifted, bin.high.shifted);
  const double mixed = (1 - q) * plain.value + q * shifted.value;
  const Bounded mixture{mixed, (1 - q) * plain.error + q * shifted.error + 3 * kUnit * mixed};
  // Mass minus the other law's mass·e^{lower end} is ±q·(shifted − plain·ratio) for the removed
  // member, and that over e^{upper end} for the added one: nothing of size 1 − q is left to cancel.
  const auto excess = [&](double ratio, double factor) {
    const double size = std::fabs(ratio);
    return Bounded{factor * (shifted.value - plain.value * ratio),
                   std::fabs(factor) * (shifted.error + size * plain.error +
                                        4 * kUnit * (shifted.value + size * plain.value))};
  };
  return {Divide(mixture, excess(bin.low.ratio, q), bin.width),
          Divide(plain, excess(bin.high.ratio, -q * std::exp(-bin.high.loss)), bin.width)};
}

}  // namespace

LossRange RangeOf(const LossRound& round, double tail) {
  const double z = round.noise_multiplier, q = round.sampling_rate;
  const double below = Descend([z](double x) { return NormalTail(x / z); }, 40 * z, tail);
  const double above = Descend(
      [z, q](double x) { return (1 - q) * NormalTail(x / z) + q * NormalTail((x - 1) / z); },
      1 + 40 * z, tail);
  return {LossAt(round, -below), LossAt(round, above)};
}

LossLaws DiscretiseLoss(const LossRound& round, const LossRange& range, double step) {
  const double q = round.sampling_rate;
  const auto low = static_cast<int64_t>(std::floor(range.low / step));
  const auto high = std::max(static_cast<int64_t>(std::ceil(range.high / step)), low + 1);
  const auto bins = static_cast<size_t>(high - low);
  LossLaws laws{{low, std::vector<double>(bins + 1, 0.0), 0},
                {-high, std::vector<double>(bins + 1, 0.0), 0}};
  const double width = -std::expm1(-step);
  Edge before = EdgeAt(round, static_cast<double>(low) * step);
  laws.remove.mass.front() = (1 - q) * Below(before.plain) + q * Below(before.shifted);
  laws.add.infinite = Below(before.plain);
  for (size_t bin = 0; bin < bins; ++bin) {
    const Edge edge =
        EdgeAt(round, static_cast<double>(low + static_cast<int64_t>(bin) + 1) * step);
    const BinShares shares = SharesOf(round, {before, edge, width});
    laws.remove.mass[bin] += shares.remove.lower;
    laws.remove.mass[bin + 1] += shares.remove.upper;
    laws.add.mass[bins - bin - 1] += shares.add.lower;
    laws.add.mass[bins - bin] += shares.add.upper;
    before = edge;
  }
  laws.remove.infinite = (1 - q) * Above(before.plain) + q * Above(before.shifted);
  laws.add.mass.front() += Above(before.plain);
  return laws;
}

// x/z² = ln ratio + 1/2z², and the loss follows x/z² at most one to one.
double LossEdgeError(const LossRound& round, const LossRange& range) {
  const double z = round.noise_multiplier;
  const double size = std::max(std::fabs(range.low), std::fabs(range.high)) -
                      2 * std::log(round.sampling_rate) + 1 / (z * z);
  return 8 * kUnit * (2 + size);
}

}  // namespace mutual::privacy
