// One core, one thread: noise, ring addition, clipping, SHA-256, the privacy-loss accountant.
#include <benchmark/benchmark.h>

#include <vector>

#include "aggregation/ring.h"
#include "base/encoding.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "privacy/clipping.h"
#include "privacy/discrete_gaussian.h"
#include "privacy/loss_accountant.h"
#include "privacy/noise_stock.h"

namespace mutual::bench {
namespace {

constexpr size_t kValues = 1 << 20;

void ExactDiscreteGaussian(benchmark::State& state) {
  crypto::SystemRandom seed;
  privacy::DiscreteGaussian noise(seed, 1);
  std::vector<int64_t> values(kValues);
  for (auto _ : state) {
    noise.AddNoise(state.range(0), values);
    benchmark::DoNotOptimize(values.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kValues));
}
BENCHMARK(ExactDiscreteGaussian)
    ->Arg(64)
    ->Arg(1 << 16)
    ->Arg(1 << 26)
    ->Unit(benchmark::kMillisecond);

// The same vector with its noise drawn ahead, which is not timed.
void NoiseDrawnAhead(benchmark::State& state) {
  crypto::SystemRandom seed;
  privacy::NoiseStock noise(seed, 1);
  std::vector<int64_t> values(kValues);
  for (auto _ : state) {
    state.PauseTiming();
    noise.Prepare(1 << 16, kValues);
    noise.AwaitPrepared();
    state.ResumeTiming();
    noise.AddNoise(1 << 16, values);
    benchmark::DoNotOptimize(values.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kValues));
}
BENCHMARK(NoiseDrawnAhead)->Unit(benchmark::kMillisecond);

// One figure: q = 0.01, z = 1 over this many rounds; delta 1e-5.
void LossAccountant(benchmark::State& state) {
  const std::vector<privacy::Phase> phases{{1, 0.01, static_cast<uint64_t>(state.range(0))}};
  for (auto _ : state) benchmark::DoNotOptimize(privacy::LossEpsilonOf(phases, 1e-5));
}
BENCHMARK(LossAccountant)->Arg(100)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void RingAddition(benchmark::State& state) {
  std::vector<uint32_t> total(kValues, 1);
  const std::string bytes(4 * kValues, '\x5a');
  for (auto _ : state) {
    aggregation::AddBytesToRing(AsBytes(bytes), total);
    benchmark::DoNotOptimize(total.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(4 * kValues));
}
BENCHMARK(RingAddition);

void Clipping(benchmark::State& state) {
  std::vector<double> values(kValues, 1.0);
  for (auto _ : state) benchmark::DoNotOptimize(privacy::ClipL2(1000.0, values));
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kValues));
}
BENCHMARK(Clipping)->Unit(benchmark::kMillisecond);

void DigestOfBytes(benchmark::State& state) {
  const std::string bytes(4 * kValues, '\x5a');
  for (auto _ : state) benchmark::DoNotOptimize(crypto::Sha256(bytes));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(4 * kValues));
}
BENCHMARK(DigestOfBytes)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mutual::bench

BENCHMARK_MAIN();
