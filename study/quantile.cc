#include "study/quantile.h"

#include <algorithm>
#include <cmath>

#include "study/figure.h"
#include "study/release_rule.h"

namespace mutual::study {
namespace {

// cumulative[b] members lie below edges[b].
struct Curve {
  const std::vector<double>& edges;
  const std::vector<double>& cumulative;

  double At(size_t bin, double rank) const {
    const double below = cumulative[bin], above = cumulative[bin + 1];
    const double share = above > below ? std::clamp((rank - below) / (above - below), 0.0, 1.0) : 0;
    return edges[bin] + (edges[bin + 1] - edges[bin]) * share;
  }
  // The smallest and the largest value at which the curve has this rank.
  double Least(double rank) const {
    size_t bin = 0;
    while (bin + 2 < cumulative.size() && cumulative[bin + 1] < rank) ++bin;
    return At(bin, rank);
  }
  double Most(double rank) const {
    size_t bin = cumulative.size() - 2;
    while (bin > 0 && cumulative[bin] > rank) --bin;
    return cumulative[bin + 1] > cumulative[bin] ? At(bin, rank) : edges[bin + 1];
  }
};

}  // namespace

std::vector<double> Isotonic(std::vector<double> values) {
  struct Block {
    double sum;
    size_t size;
    double mean() const { return sum / static_cast<double>(size); }
  };
  std::vector<Block> blocks;
  for (const double value : values) {
    blocks.push_back({value, 1});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].mean() > blocks.back().mean()) {
      const Block last = blocks.back();
      blocks.pop_back();
      blocks.back().sum += last.sum;
      blocks.back().size += last.size;
    }
  }
  size_t at = 0;
  for (const Block& block : blocks) {
    for (size_t i = 0; i < block.size; ++i) {
      values[at++] = block.size == 1 ? block.sum : block.mean();
    }
  }
  return values;
}

std::vector<Quantile> QuantilesOf(const BinnedCounts& bins, const std::vector<double>& wanted) {
  std::vector<double> sums{0};
  for (const double count : bins.counts) sums.push_back(sums.back() + count);
  const auto size = static_cast<double>(bins.counts.size());
  if (!IsFigureReleasable(sums.back(), bins.noise_stddev * std::sqrt(size))) return {};
  std::vector<double> cumulative = Isotonic(std::move(sums));
  for (double& count : cumulative) count = std::max(0.0, count);
  const Curve curve{bins.edges, cumulative};
  const double total = cumulative.back();
  std::vector<Quantile> quantiles;
  for (const double q : wanted) {
    const double rank = q * total;
    const double value = (curve.Least(rank) + curve.Most(rank)) / 2;
    const auto above = std::upper_bound(bins.edges.begin(), bins.edges.end() - 1, value);
    const auto bin = static_cast<size_t>(above - bins.edges.begin() - 1);
    // Noise of (members below) − q·(all members): counts below weigh 1 − q, those above −q.
    const double below = static_cast<double>(bin) + 0.5;
    const double noise =
        bins.noise_stddev * std::sqrt(below * (1 - q) * (1 - q) + (size - below) * q * q);
    const double error = std::hypot(noise, std::sqrt(q * (1 - q) * total / bins.sampling_rate));
    quantiles.push_back({value, curve.Least(std::max(0.0, rank - kTwoSided * error)),
                         curve.Most(std::min(total, rank + kTwoSided * error)),
                         bins.edges[bin + 1] - bins.edges[bin]});
  }
  return quantiles;
}

}  // namespace mutual::study
