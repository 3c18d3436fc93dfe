// A generator that always begins the same way: a join window's keys can be drawn again after a
// crash.
#pragma once

#include <algorithm>

#include "crypto/random.h"
#include "crypto/secret.h"

namespace mutual::client {

// Seeds crypto::FastRandom with 32 stored bytes. Use it for nothing but that.
class StoredSeed final : public crypto::RandomSource {
 public:
  explicit StoredSeed(const crypto::Secret& seed) : seed_(seed.Clone()) {}
  void Fill(std::span<uint8_t> out) override {
    for (size_t i = 0; i < out.size(); ++i) out[i] = seed_.bytes()[i % seed_.size()];
  }

 private:
  const crypto::Secret seed_;
};

}  // namespace mutual::client
