// What masks cost. Ratios are of one run: the bars are in docs/MASKING.md.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <vector>

#include "aggregation/masking/mask_sum.h"
#include "crypto/prg.h"
#include "crypto/random.h"

namespace mutual::aggregation::masking {
namespace {

constexpr size_t kWords = 1 << 20;

std::vector<crypto::Secret> Keys(size_t count) {
  crypto::SystemRandom random;
  std::vector<crypto::Secret> keys;
  for (size_t k = 0; k < count; ++k) {
    keys.push_back(crypto::Secret::OfSize(32));
    random.Fill(keys.back().mutable_bytes());
  }
  return keys;
}

double Seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

// Raw EVP AES-256-CTR of as many bytes as the masks have, written over and over into `bytes`: the
// whole stream into memory, or with a small buffer the cipher alone in the cache.
double ExpandRaw(const std::vector<crypto::Secret>& keys, std::vector<uint8_t>* bytes) {
  const auto begin = std::chrono::steady_clock::now();
  for (const crypto::Secret& key : keys) {
    const auto stream = crypto::KeyStream::Create(key.bytes());
    for (size_t done = 0; done < 4 * kWords; done += bytes->size()) {
      (*stream)->Fill(*bytes);
      benchmark::DoNotOptimize(bytes->data());
    }
  }
  return Seconds(std::chrono::steady_clock::now() - begin);
}

// A node's vector of 1M values with 4 classes, alternating with the raw expansion of the same
// bytes, so that both see the same machine. Bar: of_raw ≥ 0.7 on one core. of_cipher is the ratio
// to a cipher that never leaves the first-level cache.
void MaskOneMillion(benchmark::State& state) {
  const std::vector<crypto::Secret> keys = Keys(4);
  std::vector<uint32_t> total(kWords, 1);
  std::vector<uint8_t> bytes(4 * kWords), few(1 << 14);
  double masked = 0, raw = 0, cipher = 0;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    if (!AddMasks(keys, 1, total).ok()) state.SkipWithError("masks were not added");
    benchmark::DoNotOptimize(total.data());
    const double time = Seconds(std::chrono::steady_clock::now() - begin);
    masked += time;
    raw += ExpandRaw(keys, &bytes);
    cipher += ExpandRaw(keys, &few);
    state.SetIterationTime(time);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * 16 * int64_t{kWords});
  state.counters["of_raw"] = raw / masked;
  state.counters["of_cipher"] = cipher / masked;
}
BENCHMARK(MaskOneMillion)->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(2);

// A scrutineer's class sum of 1,000 nodes and 1M values, on 1 and 2 threads. Bar: 1.2 s.
void ClassSumOfThousandNodes(benchmark::State& state) {
  const std::vector<crypto::Secret> keys = Keys(1000);
  std::vector<uint32_t> total(kWords, 0);
  for (auto _ : state) {
    if (!AddMasks(keys, static_cast<uint32_t>(state.range(0)), total).ok()) {
      state.SkipWithError("masks were not added");
    }
    benchmark::DoNotOptimize(total.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * 4000 * int64_t{kWords});
}
BENCHMARK(ClassSumOfThousandNodes)
    ->Arg(1)
    ->Arg(2)
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mutual::aggregation::masking

BENCHMARK_MAIN();
