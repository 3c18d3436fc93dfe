#include "crypto/random.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

namespace mutual::crypto {

uint64_t RandomSource::NextUint64() {
  std::array<uint8_t, 8> bytes;
  Fill(bytes);
  uint64_t value;
  std::memcpy(&value, bytes.data(), 8);
  return value;
}

void SystemRandom::Fill(std::span<uint8_t> out) {
  while (!out.empty()) {
    const size_t take = std::min<size_t>(out.size(), 1 << 20);
    if (RAND_priv_bytes(out.data(), static_cast<int>(take)) != 1) std::abort();
    out = out.subspan(take);
  }
}

struct FastRandom::State {
  static constexpr size_t kBuffer = 16 * 1024;
  static constexpr size_t kRekeyAfter = 1 << 20;
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  std::array<uint8_t, kBuffer> buffer{};
  size_t used = kBuffer;
  size_t since_rekey = 0;

  ~State() {
    OPENSSL_cleanse(buffer.data(), buffer.size());
    EVP_CIPHER_CTX_free(context);
  }
  void Key(const uint8_t* key) {
    const std::array<uint8_t, 16> iv{};
    if (EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), nullptr, key, iv.data()) != 1) std::abort();
    since_rekey = 0;
  }
  void Stream(uint8_t* out, size_t size) {
    static constexpr std::array<uint8_t, kBuffer> kZeros{};
    int written = 0;
    if (EVP_EncryptUpdate(context, out, &written, kZeros.data(), static_cast<int>(size)) != 1) {
      std::abort();
    }
    since_rekey += size;
  }
  void Refill() {
    if (since_rekey >= kRekeyAfter) {
      std::array<uint8_t, 32> key;
      Stream(key.data(), key.size());
      Key(key.data());
      OPENSSL_cleanse(key.data(), key.size());
    }
    Stream(buffer.data(), buffer.size());
    used = 0;
  }
};

FastRandom::FastRandom(RandomSource& seed_source) : state_(std::make_unique<State>()) {
  std::array<uint8_t, 32> key;
  seed_source.Fill(key);
  state_->Key(key.data());
  OPENSSL_cleanse(key.data(), key.size());
}
FastRandom::~FastRandom() = default;

void FastRandom::Fill(std::span<uint8_t> out) {
  State& state = *state_;
  while (!out.empty()) {
    if (state.used == State::kBuffer) state.Refill();
    const size_t take = std::min(out.size(), State::kBuffer - state.used);
    std::memcpy(out.data(), state.buffer.data() + state.used, take);
    std::memset(state.buffer.data() + state.used, 0, take);  // what was given out is forgotten
    state.used += take;
    out = out.subspan(take);
  }
}

}  // namespace mutual::crypto
