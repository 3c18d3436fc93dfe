#include "crypto/aead.h"

#include <openssl/evp.h>

#include "base/encoding.h"
#include "base/status.h"

namespace mutual::crypto {
namespace {

constexpr size_t kTag = 16;

struct Context {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  ~Context() { EVP_CIPHER_CTX_free(context); }
};

absl::Status CheckSizes(std::span<const uint8_t> key, std::span<const uint8_t> nonce) {
  if (key.size() == 32 && nonce.size() == 12) return absl::OkStatus();
  return InvalidArgument("AES-256-GCM got a key of %d and a nonce of %d bytes, want 32 and 12",
                         key.size(), nonce.size());
}

}  // namespace

absl::StatusOr<std::string> Seal(std::span<const uint8_t> key, std::span<const uint8_t> nonce,
                                 std::span<const uint8_t> plaintext,
                                 std::string_view associated_data) {
  MUTUAL_RETURN_IF_ERROR(CheckSizes(key, nonce));
  const Context context;
  std::string sealed(plaintext.size() + kTag, '\0');
  auto* const out = reinterpret_cast<uint8_t*>(sealed.data());
  const std::span<const uint8_t> extra = AsBytes(associated_data);
  int size = 0;
  const bool ok =
      EVP_EncryptInit_ex(context.context, EVP_aes_256_gcm(), nullptr, key.data(), nonce.data()) ==
          1 &&
      EVP_EncryptUpdate(context.context, nullptr, &size, extra.data(),
                        static_cast<int>(extra.size())) == 1 &&
      EVP_EncryptUpdate(context.context, out, &size, plaintext.data(),
                        static_cast<int>(plaintext.size())) == 1 &&
      EVP_EncryptFinal_ex(context.context, out + plaintext.size(), &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.context, EVP_CTRL_GCM_GET_TAG, kTag, out + plaintext.size()) == 1;
  if (!ok) return Internal("OpenSSL could not encrypt");
  return sealed;
}

absl::StatusOr<Secret> Open(std::span<const uint8_t> key, std::span<const uint8_t> nonce,
                            std::span<const uint8_t> ciphertext,
                            std::string_view associated_data) {
  MUTUAL_RETURN_IF_ERROR(CheckSizes(key, nonce));
  if (ciphertext.size() < kTag) {
    return DataLoss("sealed message has %d bytes, want at least 16", ciphertext.size());
  }
  const size_t length = ciphertext.size() - kTag;
  std::string tag(AsText(ciphertext.subspan(length)));
  const std::span<const uint8_t> extra = AsBytes(associated_data);
  const Context context;
  Secret plaintext = Secret::OfSize(length);
  uint8_t* const out = plaintext.mutable_bytes().data();
  int size = 0;
  const bool ok =
      EVP_DecryptInit_ex(context.context, EVP_aes_256_gcm(), nullptr, key.data(), nonce.data()) ==
          1 &&
      EVP_DecryptUpdate(context.context, nullptr, &size, extra.data(),
                        static_cast<int>(extra.size())) == 1 &&
      EVP_DecryptUpdate(context.context, out, &size, ciphertext.data(),
                        static_cast<int>(length)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.context, EVP_CTRL_GCM_SET_TAG, kTag, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.context, out + length, &size) == 1;
  if (!ok) return DataLoss("the sealed message was altered or sealed with another key");
  return plaintext;
}

}  // namespace mutual::crypto
