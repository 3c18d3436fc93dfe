#include "crypto/key_agreement.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>

#include "base/status.h"

namespace mutual::crypto {
namespace {
struct Key {
  EVP_PKEY* key = nullptr;
  ~Key() { EVP_PKEY_free(key); }
};
struct Context {
  EVP_PKEY_CTX* context = nullptr;
  ~Context() { EVP_PKEY_CTX_free(context); }
};
}  // namespace

AgreementKey AgreementKey::Generate(RandomSource& random) {
  Secret secret = Secret::OfSize(32);
  random.Fill(secret.mutable_bytes());
  absl::StatusOr<AgreementKey> key = FromBytes(secret.bytes());
  if (!key.ok()) std::abort();  // every 32 bytes are a key
  return std::move(key).value();
}

absl::StatusOr<AgreementKey> AgreementKey::FromBytes(std::span<const uint8_t> private_key) {
  if (private_key.size() != 32) {
    return InvalidArgument("X25519 key has %d bytes, want 32", private_key.size());
  }
  const Key key{EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, private_key.data(), 32)};
  std::array<uint8_t, 32> raw;
  size_t size = raw.size();
  if (key.key == nullptr || EVP_PKEY_get_raw_public_key(key.key, raw.data(), &size) != 1) {
    return Internal("OpenSSL could not make an X25519 key");
  }
  return AgreementKey(Secret::FromBytes(private_key), raw);
}

absl::StatusOr<Secret> AgreementKey::Agree(std::span<const uint8_t> peer_public_key) const {
  if (peer_public_key.size() != 32) {
    return InvalidArgument("X25519 public key has %d bytes, want 32", peer_public_key.size());
  }
  const Key mine{
      EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, private_key_.bytes().data(), 32)};
  const Key peer{
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, peer_public_key.data(), 32)};
  const Context context{EVP_PKEY_CTX_new(mine.key, nullptr)};
  Secret shared = Secret::OfSize(32);
  size_t size = 32;
  const bool derived =
      context.context != nullptr && peer.key != nullptr &&
      EVP_PKEY_derive_init(context.context) == 1 &&
      EVP_PKEY_derive_set_peer(context.context, peer.key) == 1 &&
      EVP_PKEY_derive(context.context, shared.mutable_bytes().data(), &size) == 1 && size == 32;
  const std::array<uint8_t, 32> zero{};
  if (!derived || shared.Equals(zero)) {
    return InvalidArgument("X25519 gave an all-zero secret: the other side's key is not honest");
  }
  return shared;
}

}  // namespace mutual::crypto
