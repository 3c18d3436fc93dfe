// A RandomSource that repeats itself: tests only.
#pragma once

#include <cstdint>
#include <span>

#include "crypto/random.h"

namespace mutual::testing {

// The bytes of SplitMix64 (Steele, Lea, Flood 2014) started at `seed`, little-endian, whatever
// the sizes of the calls. Fast and well distributed, not secret. Not thread-safe.
class SeededRandom final : public crypto::RandomSource {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}

  void Fill(std::span<uint8_t> out) override {
    for (uint8_t& byte : out) {
      if (left_ == 0) {
        word_ = NextWord();
        left_ = 8;
      }
      byte = static_cast<uint8_t>(word_ & 0xff);
      word_ >>= 8;
      --left_;
    }
    filled_ += out.size();
  }

  // Bytes handed out so far.
  uint64_t filled() const { return filled_; }

 private:
  uint64_t NextWord() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }

  uint64_t state_;
  uint64_t word_ = 0;
  int left_ = 0;
  uint64_t filled_ = 0;
};

}  // namespace mutual::testing
