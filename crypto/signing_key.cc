#include "crypto/signing_key.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>

#include "base/encoding.h"
#include "base/status.h"

namespace mutual::crypto {
namespace {

using Bytes32 = std::array<uint8_t, 32>;

// y coordinates (little-endian, sign bit clear) of the eight points of small order.
// 0 and p encode order 4, 1 order 1, p-1 order 2, the two others order 8.
Bytes32 FromHexConstant(const char* hex) {
  Bytes32 bytes{};
  const std::string raw = *HexDecode(hex);
  std::copy(raw.begin(), raw.end(), bytes.begin());
  return bytes;
}

const std::array<Bytes32, 5>& SmallOrderY() {
  static const std::array<Bytes32, 5> kList = {
      FromHexConstant("0000000000000000000000000000000000000000000000000000000000000000"),
      FromHexConstant("0100000000000000000000000000000000000000000000000000000000000000"),
      FromHexConstant("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
      FromHexConstant("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
      FromHexConstant("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")};
  return kList;
}

// y < p = 2^255 − 19, sign bit ignored.
bool IsCanonical(const Bytes32& bytes) {
  if ((bytes[31] & 0x7f) != 0x7f) return true;
  for (int i = 30; i > 0; --i) {
    if (bytes[static_cast<size_t>(i)] != 0xff) return true;
  }
  return bytes[0] < 0xed;
}

bool IsSmallOrder(Bytes32 bytes) {
  bytes[31] &= 0x7f;
  return std::find(SmallOrderY().begin(), SmallOrderY().end(), bytes) != SmallOrderY().end();
}

// s < L = 2^252 + 27742317777372353535851937790883648493.
bool IsReduced(std::span<const uint8_t> s) {
  static const Bytes32 kOrder =
      FromHexConstant("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  for (int i = 31; i >= 0; --i) {
    const auto at = static_cast<size_t>(i);
    if (s[at] != kOrder[at]) return s[at] < kOrder[at];
  }
  return false;
}

struct Key {
  EVP_PKEY* key = nullptr;
  ~Key() { EVP_PKEY_free(key); }
};
struct Context {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(context); }
};

}  // namespace

absl::StatusOr<VerifyKey> VerifyKey::FromBytes(std::span<const uint8_t> bytes) {
  if (bytes.size() != 32) {
    return InvalidArgument("Ed25519 key has %d bytes, want 32", bytes.size());
  }
  Bytes32 key;
  std::copy(bytes.begin(), bytes.end(), key.begin());
  if (!IsCanonical(key)) {
    return InvalidArgument("Ed25519 key is not canonical; it was not made by an honest program");
  }
  if (IsSmallOrder(key)) {
    return InvalidArgument("Ed25519 key is of small order, under which anyone can forge; refuse it");
  }
  return VerifyKey(key);
}

absl::Status VerifyKey::Verify(std::string_view message,
                               std::span<const uint8_t> signature) const {
  const auto refused = [] {
    return Unauthenticated("the signature does not verify; the message or the key is another one");
  };
  if (signature.size() != 64 || !IsReduced(signature.subspan(32))) return refused();
  const Key key{EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_.data(), 32)};
  const Context context;
  if (key.key == nullptr ||
      EVP_DigestVerifyInit(context.context, nullptr, nullptr, nullptr, key.key) != 1 ||
      EVP_DigestVerify(context.context, signature.data(), 64,
                       reinterpret_cast<const uint8_t*>(message.data()), message.size()) != 1) {
    return refused();
  }
  return absl::OkStatus();
}

SigningKey SigningKey::Generate(RandomSource& random) {
  Secret seed = Secret::OfSize(32);
  random.Fill(seed.mutable_bytes());
  absl::StatusOr<SigningKey> key = FromSeed(seed.bytes());
  if (!key.ok()) std::abort();  // every 32-byte seed is a key
  return std::move(key).value();
}

absl::StatusOr<SigningKey> SigningKey::FromSeed(std::span<const uint8_t> seed) {
  if (seed.size() != 32) return InvalidArgument("Ed25519 seed has %d bytes, want 32", seed.size());
  const Key key{EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), 32)};
  Bytes32 raw;
  size_t size = raw.size();
  if (key.key == nullptr || EVP_PKEY_get_raw_public_key(key.key, raw.data(), &size) != 1) {
    return Internal("OpenSSL could not make an Ed25519 key");
  }
  MUTUAL_ASSIGN_OR_RETURN(VerifyKey verify_key, VerifyKey::FromBytes(raw));
  return SigningKey(Secret::FromBytes(seed), verify_key);
}

std::string SigningKey::Sign(std::string_view message) const {
  const Key key{EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed_.bytes().data(), 32)};
  const Context context;
  std::string signature(64, '\0');
  size_t size = signature.size();
  if (key.key == nullptr ||
      EVP_DigestSignInit(context.context, nullptr, nullptr, nullptr, key.key) != 1 ||
      EVP_DigestSign(context.context, reinterpret_cast<uint8_t*>(signature.data()), &size,
                     reinterpret_cast<const uint8_t*>(message.data()), message.size()) != 1) {
    std::abort();
  }
  return signature;
}

}  // namespace mutual::crypto
