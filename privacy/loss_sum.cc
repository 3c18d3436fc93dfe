#include "privacy/loss_sum.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <utility>

#include "privacy/fourier.h"

namespace mutual::privacy {
namespace {

constexpr double kUnit = 0x1p-53;
constexpr double kBeyond = 1e-6;      // of δ: what may lie above the window
constexpr double kAlias = 1e-12;      // of the tilted mass: what may wrap round from either side
constexpr double kFreeWindow = 4096;  // a transform this short costs nothing
constexpr int kSearchSteps = 18;
constexpr int kWidenings = 6;
constexpr int64_t kReset = 64;  // powers are multiplied on this long, then computed afresh

// The point in [low, high] at which `value`, a function with one valley, is smallest.
template <typename Value>
double Lowest(const Value& value, double low, double high) {
  constexpr double kGolden = 0.6180339887498949;
  double left = high - kGolden * (high - low), right = low + kGolden * (high - low);
  double at_left = value(left), at_right = value(right);
  for (int i = 0; i < kSearchSteps; ++i) {
    if (at_left <= at_right) {
      high = std::exchange(right, left);
      at_right = at_left;
      left = high - kGolden * (high - low);
      at_left = value(left);
    } else {
      low = std::exchange(left, right);
      at_left = at_right;
      right = low + kGolden * (high - low);
      at_right = value(right);
    }
  }
  return at_left <= at_right ? left : right;
}

// Calls `visit(i, mass·e^{tilt·(loss − reference)})` for every mass of `law` for which that is not
// below every double; none overflows.
// `reference` is the law's last loss (its first when the tilt is negative).
template <typename Visit>
double Tilt(const LossLaw& law, double rate, const Visit& visit) {
  const auto size = static_cast<int64_t>(law.mass.size());
  const int64_t pivot = rate >= 0 ? size - 1 : 0;
  const double factor = std::exp(rate);
  for (int64_t start = 0; start < size; start += kReset) {
    double power = std::exp(rate * static_cast<double>(start - pivot));
    const int64_t stop = std::min(start + kReset, size);
    if (power < 1e-290) {
      // Too small for full precision at the block's start, perhaps not at its end.
      if (std::exp(rate * static_cast<double>(stop - 1 - pivot)) == 0) continue;
      for (int64_t i = start; i < stop; ++i) {
        const double late = std::exp(rate * static_cast<double>(i - pivot));
        visit(static_cast<size_t>(i), law.mass[static_cast<size_t>(i)] * late);
      }
      continue;
    }
    for (int64_t i = start; i < stop; ++i) {
      visit(static_cast<size_t>(i), law.mass[static_cast<size_t>(i)] * power);
      power *= factor;
    }
  }
  return rate * static_cast<double>(law.first + pivot);
}

// One law's tilted masses, which add up to 1.
struct Tilted {
  std::vector<double> mass;
  double cumulant;
  int64_t centre;  // index of the mean
};

Tilted TiltedLaw(const LossLaw& law, double rate) {
  Tilted tilted{std::vector<double>(law.mass.size()), 0, 0};
  double sum = 0, moment = 0;
  const double reference = Tilt(law, rate, [&](size_t i, double mass) {
    tilted.mass[i] = mass;
    sum += mass;
    moment += mass * static_cast<double>(i);
  });
  for (double& mass : tilted.mass) mass /= sum;
  tilted.cumulant = reference + std::log(sum);
  tilted.centre = law.first + std::llround(moment / sum);
  return tilted;
}

// Consecutive indices modulo a transform's length.
class Ring {
 public:
  Ring(int64_t first, size_t length)
      : length_(length),
        at_(static_cast<size_t>(
            (first % static_cast<int64_t>(length) + static_cast<int64_t>(length)) %
            static_cast<int64_t>(length))) {}
  size_t Next() {
    const size_t now = at_;
    if (++at_ == length_) at_ = 0;
    return now;
  }

 private:
  size_t length_, at_;
};

// A power of a transform while it is multiplied up, in logarithms, with a bound on its error.
struct LogPower {
  double size = 0;  // ln|f|
  double angle = 0;
  double slack = 0;  // what (|f| + error)/|f| has come to, as a logarithm
};

void Multiply(const std::complex<double>& value, double count, double error, LogPower* power) {
  const double size = std::max(std::abs(value), 1e-300);
  const double log_size = std::log(size);
  const double angle = std::arg(value);
  power->size += count * log_size;
  power->angle += count * angle;
  const double rounding = 4 * kUnit * (2 + std::fabs(log_size) + std::fabs(angle));
  power->slack += count * (std::log1p(error / size) + rounding);
}

// Writes the transform's value, and returns a bound on its error.
double Finish(const LogPower& power, std::complex<double>* value) {
  const double size = std::exp(power.size);
  *value = std::polar(size, power.angle);
  return power.slack < 1 ? size * std::expm1(power.slack) : std::exp(power.size + power.slack);
}

}  // namespace

// The tilted law of the sum on the window of indices (top − size, top].
struct LossSum::Composed {
  std::vector<double> mass;
  double error;  // of every mass
  int64_t top;   // index of the last mass
  double tilt, cumulant;
  double beyond;  // mass above the window and of infinite losses, untilted
};

LossSum::LossSum(std::vector<LossTerm> terms, double step)
    : terms_(std::move(terms)), step_(step), count_(0), infinite_(0) {
  for (const LossTerm& term : terms_) {
    count_ += term.count;
    infinite_ += term.count * term.law.infinite;
  }
}

double LossSum::Cumulant(double tilt) const {
  double total = 0;
  for (const LossTerm& term : terms_) {
    double sum = 0;
    const double reference =
        Tilt(term.law, tilt * step_, [&sum](size_t, double mass) { sum += mass; });
    total += term.count * (reference + std::log(sum));
  }
  return total;
}

LossEstimate LossSum::EstimateFor(double delta) const {
  const auto chernoff = [this](double log_tilt, double log_delta) {
    const double tilt = std::exp(log_tilt);
    return (Cumulant(tilt) - log_delta) / tilt;
  };
  const double log_delta = std::log(delta), log_beyond = log_delta + std::log(kBeyond);
  const double least = std::log(1e-5), most = std::log(0.7 / step_);
  const double best = Lowest([&](double at) { return chernoff(at, log_delta); }, least, most);
  const double far = Lowest([&](double at) { return chernoff(at, log_beyond); }, best, most);
  const double tilt = std::exp(best), cumulant = Cumulant(tilt);
  // Chernoff for the tilted law: how far to either side of 0 all but kAlias of it reaches.
  const auto reach = [&](double side, double log_shift) {
    const double shift = std::exp(log_shift);
    return (Cumulant(tilt + side * shift) - cumulant - std::log(kAlias)) / shift;
  };
  const auto furthest = [&](double side) {
    const auto at = [&](double log_shift) { return reach(side, log_shift); };
    return reach(side, Lowest(at, least, most));
  };
  const double high = std::max(chernoff(far, log_beyond), furthest(1));
  return {(cumulant - log_delta) / tilt, tilt, -furthest(-1), high, kBeyond * delta};
}

LossSum::Composed LossSum::Compose(const LossEstimate& estimate) const {
  const double width = std::max((estimate.high - estimate.low) / step_ + 2, kFreeWindow);
  const size_t size = FastLength(static_cast<size_t>(width));
  RealFourier fourier(size);
  std::vector<LogPower> powers(fourier.frequencies().size());
  Composed composed{std::vector<double>(size),
                    0,
                    static_cast<int64_t>(estimate.high / step_) + 1,
                    estimate.tilt,
                    0,
                    infinite_ + estimate.beyond};
  int64_t offset = 0;
  for (const LossTerm& term : terms_) {
    const Tilted tilted = TiltedLaw(term.law, estimate.tilt * step_);
    std::fill(fourier.real().begin(), fourier.real().end(), 0.0);
    Ring at(term.law.first - tilted.centre, size);
    for (const double mass : tilted.mass) fourier.real()[at.Next()] += mass;
    fourier.Forward();
    for (size_t k = 0; k < powers.size(); ++k) {
      Multiply(fourier.frequencies()[k], term.count, fourier.error(), &powers[k]);
    }
    offset += static_cast<int64_t>(term.count) * tilted.centre;
    composed.cumulant += term.count * tilted.cumulant;
  }
  double error = 0, sizes = 0;
  for (size_t k = 0; k < powers.size(); ++k) {
    error += 2 * Finish(powers[k], &fourier.frequencies()[k]);
    sizes += 2 * std::exp(powers[k].size);
  }
  fourier.Inverse();
  composed.error = (error + sizes * fourier.error()) / static_cast<double>(size);
  Ring at(composed.top - static_cast<int64_t>(size) + 1 - offset, size);
  for (double& mass : composed.mass) mass = fourier.real()[at.Next()];
  return composed;
}

// From the window's top downwards: D = Σ_{e > ε} p(1 − e^{ε − e}) and B = Σ_{e > ε} p·e^{ε − e}
// move from grid point i to i − 1 by D += (B + p_i)(1 − e^{−h}) and B = (B + p_i)e^{−h}: nothing
// cancels. Between the two points D is linear in e^ε.
double LossSum::Invert(const Composed& composed, double delta) const {
  const double width = -std::expm1(-step_);
  // Rounding of the masses, of the cumulant and of the sums below.
  const double inflate = 1 + count_ * 256 * kUnit + 1e-9;
  double curve = composed.beyond, weight = 0;
  if (curve > delta) return INFINITY;
  int64_t index = composed.top;
  for (size_t i = composed.mass.size(); i-- > 0 && index > 0; --index) {
    const double loss = static_cast<double>(index) * step_;
    weight += (std::max(composed.mass[i], 0.0) + composed.error) * inflate *
              std::exp(composed.cumulant - composed.tilt * loss);
    const double next = curve + weight * width;
    if (next > delta) return std::max(loss + std::log1p(-(delta - curve) / weight), 0.0);
    curve = next;
    weight *= 1 - width;
  }
  return std::max(static_cast<double>(index) * step_, 0.0);
}

double LossSum::EpsilonFor(double delta, const LossEstimate& estimate) const {
  if (!(estimate.high > 0)) return 0;
  LossEstimate window = estimate;
  double epsilon = INFINITY;
  for (int i = 0; i < kWidenings; ++i) {
    epsilon = Invert(Compose(window), delta);
    // At or below the window's lower end only that end is known to be enough: look further down.
    if (epsilon > window.low + step_ || epsilon == 0) break;
    window.low -= window.high - window.low;
  }
  return epsilon;
}

}  // namespace mutual::privacy
