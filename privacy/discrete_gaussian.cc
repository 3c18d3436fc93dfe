#include "privacy/discrete_gaussian.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <thread>
#include <vector>

#include "base/status.h"
#include "privacy/bell_boxes.h"
#include "privacy/words.h"

namespace mutual::privacy {
namespace {

constexpr size_t kValuesPerThread = 1 << 16;  // below this a thread costs more than it saves

// One thread's randomness.
struct Generator {
  explicit Generator(crypto::RandomSource& seed_source) : random(seed_source), words(random) {}
  crypto::FastRandom random;
  Words words;
};

// The self-test looks at samples of this σ, whose 16 quantile bins are those of a Gaussian to 1e-5.
constexpr int64_t kTestStddev = 1 << 16;
constexpr size_t kTestSamples = 1 << 16;
constexpr size_t kBins = 16;
// Quantiles of N(0,1) at 9/16, 10/16, … 15/16.
constexpr std::array<double, 7> kQuantiles = {
    0.157310684610171, 0.318639363964375, 0.488776411114669, 0.674489750196082,
    0.887146559018876, 1.150349380376008, 1.534120544352546};

size_t BinOf(double x) {
  const auto above = static_cast<size_t>(
      std::upper_bound(kQuantiles.begin(), kQuantiles.end(), std::fabs(x)) - kQuantiles.begin());
  return x < 0 ? kBins / 2 - 1 - above : kBins / 2 + above;
}

double ChiSquare(const std::vector<double>& samples) {
  std::array<double, kBins> counts{};
  for (const double x : samples) counts[BinOf(x)] += 1;
  const double expected = static_cast<double>(samples.size()) / kBins;
  double chi_square = 0;
  for (const double count : counts) {
    chi_square += (count - expected) * (count - expected) / expected;
  }
  return chi_square;
}

absl::Status Within(const char* what, double found, double limit) {
  if (std::fabs(found) <= limit) return absl::OkStatus();
  return Internal(
      "the noise self-test failed: %s is %g, want at most %g; do not run this node, reinstall it "
      "and report the failure",
      what, found, limit);
}

}  // namespace

struct DiscreteGaussian::State {
  std::vector<std::unique_ptr<Generator>> generators;
  std::unique_ptr<BellBoxes> boxes;

  const BellBoxes& BoxesFor(int64_t stddev) {
    // No grid asks for anything else; going on would mean less noise than promised.
    if (stddev < 1 || stddev > int64_t{1} << 28) std::abort();
    const auto wanted = static_cast<uint64_t>(stddev);
    if (boxes == nullptr || boxes->stddev() != wanted) {
      boxes = std::make_unique<BellBoxes>(wanted);
    }
    return *boxes;
  }
};

DiscreteGaussian::DiscreteGaussian(crypto::RandomSource& seed_source, int threads)
    : state_(std::make_unique<State>()) {
  for (int i = 0; i < std::max(threads, 1); ++i) {
    state_->generators.push_back(std::make_unique<Generator>(seed_source));
  }
}

DiscreteGaussian::~DiscreteGaussian() = default;

int64_t DiscreteGaussian::Sample(int64_t stddev) {
  return state_->BoxesFor(stddev).Sample(state_->generators.front()->words);
}

void DiscreteGaussian::AddNoise(int64_t stddev, std::span<int64_t> values) {
  const BellBoxes& boxes = state_->BoxesFor(stddev);
  const size_t useful = std::max<size_t>(values.size() / kValuesPerThread, 1);
  const size_t threads = std::min(state_->generators.size(), useful);
  const size_t share = (values.size() + threads - 1) / threads;
  std::vector<std::thread> others;
  for (size_t i = 1; i < threads; ++i) {
    const size_t first = std::min(i * share, values.size());
    const auto part = values.subspan(first, std::min(share, values.size() - first));
    Words& words = state_->generators[i]->words;
    others.emplace_back([&boxes, &words, part] { boxes.AddSamples(words, part); });
  }
  boxes.AddSamples(state_->generators.front()->words, values.first(std::min(share, values.size())));
  for (std::thread& other : others) other.join();
}

// With n = 2^16 samples: mean, variance and correlation are judged at 7 standard errors
// (2.6e-12 each), chi-square with 15 degrees of freedom at 90 (1e-12).
absl::Status DiscreteGaussian::SelfTest() {
  for (const auto& generator : state_->generators) {
    const BellBoxes& boxes = state_->BoxesFor(kTestStddev);
    std::vector<double> samples(kTestSamples);
    for (double& x : samples) {
      x = static_cast<double>(boxes.Sample(generator->words)) / kTestStddev;
    }
    double sum = 0, squares = 0, products = 0;
    for (size_t i = 0; i < samples.size(); ++i) {
      sum += samples[i];
      squares += samples[i] * samples[i];
      products += samples[i] * samples[(i + 1) % samples.size()];
    }
    const double root = std::sqrt(static_cast<double>(kTestSamples));
    const double n = static_cast<double>(kTestSamples);
    MUTUAL_RETURN_IF_ERROR(Within("the mean in standard errors", sum / root, 7));
    MUTUAL_RETURN_IF_ERROR(
        Within("the variance in standard errors", (squares / n - 1) * root / std::sqrt(2.0), 7));
    MUTUAL_RETURN_IF_ERROR(Within("the correlation in standard errors", products / root, 7));
    MUTUAL_RETURN_IF_ERROR(Within("chi-square over 16 bins", ChiSquare(samples), 90));
  }
  return absl::OkStatus();
}

}  // namespace mutual::privacy
