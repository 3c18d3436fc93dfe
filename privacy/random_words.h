// 64-bit words from a RandomSource, fetched in blocks and erased as they are used.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "crypto/random.h"

namespace mutual::privacy {

// Not thread-safe. `random` must outlive this object.
class RandomWords {
 public:
  explicit RandomWords(crypto::RandomSource& random) : random_(random) {}
  RandomWords(const RandomWords&) = delete;
  RandomWords& operator=(const RandomWords&) = delete;

  uint64_t Next() {
    if (used_ == words_.size()) {
      random_.Fill({reinterpret_cast<uint8_t*>(words_.data()), sizeof(words_)});
      used_ = 0;
    }
    const uint64_t word = words_[used_];
    words_[used_++] = 0;
    return word;
  }

  // Uniform below `bound` >= 1, without bias: the 2^64 mod bound lowest words are drawn again.
  uint64_t Below(uint64_t bound) {
    const uint64_t excess = (0 - bound) % bound;
    uint64_t word = Next();
    while (word < excess) word = Next();
    return word % bound;
  }

 private:
  crypto::RandomSource& random_;
  std::array<uint64_t, 512> words_{};
  size_t used_ = words_.size();
};

}  // namespace mutual::privacy
