#include "privacy/noise_check.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "base/status.h"

namespace mutual::privacy {
namespace {

constexpr double kSigmas = 7;
constexpr double kChiSquareExponent = 24;

// Bin i holds the integers in (edge[i−1], edge[i]]; the last edge is unbounded.
struct Bins {
  std::vector<int64_t> edges;
  std::vector<double> probabilities;
};

void CloseBins(double remainder, Bins* bins) {
  bins->probabilities.back() += remainder;
  bins->edges.back() = INT64_MAX;
}

// Up to 2^12: the probabilities summed one by one.
Bins ExactBins(int64_t stddev, int count) {
  const double sigma = static_cast<double>(stddev);
  const int64_t last = 12 * stddev;
  double total = 0;
  for (int64_t x = -last; x <= last; ++x) {
    total += std::exp(-0.5 * std::pow(static_cast<double>(x) / sigma, 2));
  }
  Bins bins;
  double mass = 0;
  for (int64_t x = -last; x <= last; ++x) {
    mass += std::exp(-0.5 * std::pow(static_cast<double>(x) / sigma, 2)) / total;
    if (mass < 1.0 / count) continue;
    bins.edges.push_back(x);
    bins.probabilities.push_back(mass);
    mass = 0;
  }
  CloseBins(mass, &bins);
  return bins;
}

// Above: equal steps between ±3σ, from the continuous Gaussian at half integers, which
// differs from the discrete one by less than 1/σ² of each probability.
Bins SmoothBins(int64_t stddev, int count) {
  const double sigma = static_cast<double>(stddev);
  Bins bins;
  double before = 0;
  for (int i = 1; i <= count; ++i) {
    const double edge = std::floor((6.0 * i / count - 3) * sigma);
    const double below = 0.5 * std::erfc(-(edge + 0.5) / (sigma * std::sqrt(2.0)));
    bins.edges.push_back(static_cast<int64_t>(edge));
    bins.probabilities.push_back(below - before);
    before = below;
  }
  CloseBins(1 - before, &bins);
  return bins;
}

absl::Status CheckMoments(std::span<const int64_t> samples, int64_t stddev) {
  const double n = static_cast<double>(samples.size());
  double sum = 0, squares = 0, products = 0, previous = 0;
  for (const int64_t sample : samples) {
    const double x = static_cast<double>(sample) / static_cast<double>(stddev);
    sum += x;
    squares += x * x;
    products += x * previous;
    previous = x;
  }
  const double mean = sum / std::sqrt(n);
  const double variance = (squares - n) / std::sqrt(2 * n);
  const double correlation = products / std::sqrt(n);
  // Written so that a NaN fails.
  if (!(std::abs(mean) <= kSigmas && std::abs(variance) <= kSigmas &&
        std::abs(correlation) <= kSigmas)) {
    return Internal(
        "the noise generator failed its self-test: mean, variance, lag-1 correlation are off by "
        "%.1f, %.1f, %.1f standard deviations, want at most %.0f. Do not run this build",
        mean, variance, correlation, kSigmas);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckNoise(std::span<const int64_t> samples, int64_t stddev, int bins) {
  if (samples.size() < (size_t{1} << 14) || stddev < 1 || bins < 2) {
    return InvalidArgument("the noise check got %d samples, want at least 16384", samples.size());
  }
  MUTUAL_RETURN_IF_ERROR(CheckMoments(samples, stddev));
  const Bins expected = stddev <= 4096 ? ExactBins(stddev, bins) : SmoothBins(stddev, bins);
  std::vector<double> counts(expected.edges.size(), 0);
  for (const int64_t sample : samples) {
    const auto edge = std::lower_bound(expected.edges.begin(), expected.edges.end(), sample);
    counts[static_cast<size_t>(edge - expected.edges.begin())] += 1;
  }
  double chi_square = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double mean = expected.probabilities[i] * static_cast<double>(samples.size());
    chi_square += (counts[i] - mean) * (counts[i] - mean) / mean;
  }
  const double degrees = static_cast<double>(counts.size()) - 1;
  const double limit =
      degrees + 2 * std::sqrt(kChiSquareExponent * degrees) + 2 * kChiSquareExponent;
  if (!(chi_square <= limit)) {
    return Internal(
        "the noise generator failed its self-test: chi-square is %.0f with %.0f degrees of "
        "freedom, want at most %.0f. Do not run this build",
        chi_square, degrees, limit);
  }
  return absl::OkStatus();
}

}  // namespace mutual::privacy
