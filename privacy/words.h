// Uniform 64-bit words from a RandomSource, fetched many at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "crypto/random.h"
#include "crypto/secret.h"

namespace mutual::privacy {

// `random` must outlive this object. The buffer is wiped on destruction: unused words would
// tell later noise. Not thread-safe.
class Words {
 public:
  explicit Words(crypto::RandomSource& random)
      : random_(random), buffer_(crypto::Secret::OfSize(kBytes)) {}

  uint64_t Next() {
    if (at_ == kBytes) {
      random_.Fill(buffer_.mutable_bytes());
      at_ = 0;
    }
    uint64_t word;
    std::memcpy(&word, buffer_.bytes().data() + at_, sizeof(word));
    at_ += sizeof(word);
    return word;
  }

  // The next words, as many as `out` has.
  void Take(std::span<uint64_t> out) {
    auto bytes = std::as_writable_bytes(out);
    while (!bytes.empty()) {
      if (at_ == kBytes) {
        random_.Fill(buffer_.mutable_bytes());
        at_ = 0;
      }
      const size_t count = std::min(bytes.size(), kBytes - at_);
      std::memcpy(bytes.data(), buffer_.bytes().data() + at_, count);
      at_ += count;
      bytes = bytes.subspan(count);
    }
  }

  // Uniform below `bound` >= 1, without bias: the incomplete last multiple is redrawn.
  uint64_t Below(uint64_t bound) {
    const uint64_t surplus = (0 - bound) % bound;  // 2^64 mod bound
    while (true) {
      const uint64_t word = Next();
      if (word >= surplus) return word % bound;
    }
  }

 private:
  static constexpr size_t kBytes = 4096;
  crypto::RandomSource& random_;
  crypto::Secret buffer_;
  size_t at_ = kBytes;
};

}  // namespace mutual::privacy
