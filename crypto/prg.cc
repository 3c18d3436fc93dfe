#include "crypto/prg.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>

#include "base/status.h"
#include "crypto/secret.h"

namespace mutual::crypto {
namespace {

// The word stored little-endian at `bytes`: on such machines a plain load.
uint32_t LoadWord(const uint8_t* bytes) {
  if constexpr (std::endian::native == std::endian::little) {
    uint32_t word = 0;
    std::memcpy(&word, bytes, sizeof(word));
    return word;
  }
  return uint32_t{bytes[0]} | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 |
         uint32_t{bytes[3]} << 24;
}

}  // namespace

struct KeyStream::State {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  std::array<uint8_t, 16> iv{};
  Secret key;
  ~State() { EVP_CIPHER_CTX_free(context); }

  void Start(uint64_t block) {
    std::array<uint8_t, 16> counter = iv;
    unsigned carry = 0;
    for (int i = 15; i >= 0; --i) {
      const unsigned add = i >= 8 ? static_cast<unsigned>(block >> (8 * (15 - i)) & 255) : 0u;
      const unsigned sum = counter[static_cast<size_t>(i)] + add + carry;
      counter[static_cast<size_t>(i)] = static_cast<uint8_t>(sum);
      carry = sum >> 8;
    }
    if (EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), nullptr, key.bytes().data(),
                           counter.data()) != 1) {
      std::abort();
    }
  }
  void Update(const uint8_t* in, uint8_t* out, size_t size) {
    int written = 0;
    if (EVP_EncryptUpdate(context, out, &written, in, static_cast<int>(size)) != 1) std::abort();
  }
};

KeyStream::KeyStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyStream::~KeyStream() = default;

absl::StatusOr<std::unique_ptr<KeyStream>> KeyStream::Create(std::span<const uint8_t> key) {
  const std::array<uint8_t, 16> zero{};
  return CreateWithIv(key, zero);
}

absl::StatusOr<std::unique_ptr<KeyStream>> KeyStream::CreateWithIv(std::span<const uint8_t> key,
                                                                   std::span<const uint8_t> iv) {
  if (key.size() != 32 || iv.size() != 16) {
    return InvalidArgument("key stream got a key of %d and an IV of %d bytes, want 32 and 16",
                           key.size(), iv.size());
  }
  auto state = std::make_unique<State>();
  state->key = Secret::FromBytes(key);
  std::copy(iv.begin(), iv.end(), state->iv.begin());
  state->Start(0);
  return std::unique_ptr<KeyStream>(new KeyStream(std::move(state)));
}

void KeyStream::Seek(uint64_t byte_offset) {
  state_->Start(byte_offset / 16);
  std::array<uint8_t, 16> skipped{};
  if (byte_offset % 16 != 0) state_->Update(skipped.data(), skipped.data(), byte_offset % 16);
}

void KeyStream::Fill(std::span<uint8_t> out) {
  static constexpr std::array<uint8_t, 16384> kZeros{};
  while (!out.empty()) {
    const size_t take = std::min(out.size(), kZeros.size());
    state_->Update(kZeros.data(), out.data(), take);
    out = out.subspan(take);
  }
}

void KeyStream::AddWords(std::span<uint32_t> total) {
  // Zeros, key stream and totals together fill half of a 32 KiB cache; larger blocks spill, smaller
  // ones pay OpenSSL's call more often.
  constexpr size_t kWords = 1024;
  static constexpr std::array<uint8_t, 4 * kWords> kZeros{};
  alignas(64) std::array<uint8_t, 4 * kWords> stream;
  while (!total.empty()) {
    const size_t take = std::min(total.size(), kWords);
    state_->Update(kZeros.data(), stream.data(), 4 * take);
    for (size_t i = 0; i < take; ++i) total[i] += LoadWord(stream.data() + 4 * i);
    total = total.subspan(take);
  }
  OPENSSL_cleanse(stream.data(), stream.size());
}

void KeyStream::Xor(std::span<const uint8_t> in, std::span<uint8_t> out) {
  constexpr size_t kStep = 1 << 20;
  for (size_t at = 0; at < in.size(); at += kStep) {
    const size_t take = std::min(kStep, in.size() - at);
    state_->Update(in.data() + at, out.data() + at, take);
  }
}

}  // namespace mutual::crypto
