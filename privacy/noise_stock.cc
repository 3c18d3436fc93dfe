#include "privacy/noise_stock.h"

#include <algorithm>

namespace mutual::privacy {
namespace {

constexpr size_t kMostSamples = size_t{1} << 24;
constexpr size_t kBlock = size_t{1} << 18;  // some milliseconds: how long stopping may take

}  // namespace

NoiseStock::NoiseStock(crypto::RandomSource& seed_source, int threads)
    : noise_(seed_source, threads) {}

NoiseStock::~NoiseStock() { Stop(); }

std::span<int64_t> NoiseStock::stock() {
  // Memory from operator new, aligned for any scalar, and only ever read as what was written.
  return {reinterpret_cast<int64_t*>(stock_.mutable_bytes().data()),
          stock_.size() / sizeof(int64_t)};
}

void NoiseStock::Stop() {
  stopping_ = true;
  if (drawing_.joinable()) drawing_.join();
  stopping_ = false;
}

void NoiseStock::Draw() {
  const std::span<int64_t> all = stock();
  while (ready_ < all.size() && !stopping_) {
    const size_t count = std::min(kBlock, all.size() - ready_);
    noise_.AddNoise(stock_stddev_, all.subspan(ready_, count));
    ready_ += count;
  }
}

void NoiseStock::Prepare(int64_t stddev, size_t count) {
  Stop();
  stock_ = crypto::Secret::OfSize(std::min(count, kMostSamples) * sizeof(int64_t));
  stock_stddev_ = stddev;
  ready_ = 0;
  drawing_ = std::thread([this] { Draw(); });
}

size_t NoiseStock::AwaitPrepared() {
  if (drawing_.joinable()) drawing_.join();
  return ready_;
}

void NoiseStock::AddNoise(int64_t stddev, std::span<int64_t> values) {
  Stop();
  const size_t prepared = stddev == stock_stddev_ ? std::min(ready_, values.size()) : 0;
  const std::span<int64_t> drawn = stock();
  for (size_t i = 0; i < prepared; ++i) values[i] += drawn[i];
  stock_ = crypto::Secret();
  ready_ = 0;
  if (prepared < values.size()) noise_.AddNoise(stddev, values.subspan(prepared));
}

}  // namespace mutual::privacy
