#include "crypto/secret.h"

#include <openssl/crypto.h>

namespace mutual::crypto {

Secret Secret::FromBytes(std::span<const uint8_t> bytes) {
  Secret secret;
  secret.bytes_.assign(bytes.begin(), bytes.end());
  return secret;
}

Secret Secret::OfSize(size_t size) {
  Secret secret;
  secret.bytes_.resize(size);
  return secret;
}

Secret::Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    Wipe();
    bytes_ = std::move(other.bytes_);
    other.bytes_.clear();
  }
  return *this;
}

Secret::~Secret() { Wipe(); }

Secret Secret::Clone() const { return FromBytes(bytes_); }

void Secret::Wipe() {
  if (!bytes_.empty()) OPENSSL_cleanse(bytes_.data(), bytes_.size());
  bytes_.clear();
}

bool Secret::Equals(std::span<const uint8_t> other) const {
  return ConstantTimeEquals(bytes_, other);
}

bool ConstantTimeEquals(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace mutual::crypto
