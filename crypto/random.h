// Randomness, as a parameter.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace mutual::crypto {

// Fills buffers with independent uniform bytes. Not thread-safe unless said.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void Fill(std::span<uint8_t> out) = 0;
  uint64_t NextUint64();
};

// The operating system's generator (OpenSSL RAND_priv_bytes). Thread-safe.
// Ends the process if the system cannot deliver: there is no safe way on.
class SystemRandom final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> out) override;
};

// AES-256-CTR keyed once from `seed_source`, re-keyed from its own output every
// 1 MiB so that a stolen state does not reveal earlier output. About 1 GB/s or more
// per core. Not thread-safe.
class FastRandom final : public RandomSource {
 public:
  explicit FastRandom(RandomSource& seed_source);
  ~FastRandom() override;
  void Fill(std::span<uint8_t> out) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mutual::crypto
