#include "crypto/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>

#include <cstdlib>

#include "base/encoding.h"
#include "base/status.h"

namespace mutual::crypto {

struct Sha256Stream::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  if (EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1) std::abort();
}
Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;

void Sha256Stream::Update(std::span<const uint8_t> bytes) {
  if (EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) != 1) std::abort();
}
void Sha256Stream::Update(std::string_view bytes) { Update(AsBytes(bytes)); }

Digest Sha256Stream::Finish() {
  Digest digest;
  if (EVP_DigestFinal_ex(state_->context, digest.bytes.data(), nullptr) != 1 ||
      EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1) {
    std::abort();
  }
  return digest;
}

Digest Sha256(std::span<const uint8_t> bytes) {
  Digest digest;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.bytes.data(), nullptr, EVP_sha256(),
                 nullptr) != 1) {
    std::abort();
  }
  return digest;
}
Digest Sha256(std::string_view bytes) { return Sha256(AsBytes(bytes)); }

Digest HmacSha256(std::span<const uint8_t> key, std::span<const uint8_t> message) {
  Digest digest;
  unsigned int size = 0;
  const uint8_t none = 0;  // OpenSSL reads a null key as "keep the old key"
  if (HMAC(EVP_sha256(), key.empty() ? &none : key.data(), static_cast<int>(key.size()),
           message.data(), message.size(), digest.bytes.data(), &size) == nullptr) {
    std::abort();
  }
  return digest;
}

absl::StatusOr<Secret> HkdfSha256(std::span<const uint8_t> key, std::span<const uint8_t> salt,
                                  std::string_view info, size_t size) {
  if (size > 255 * 32) {
    return InvalidArgument("HKDF output of %d bytes was asked for, want at most 8160", size);
  }
  // RFC 5869: extract, then expand block by block.
  const Digest prk = HmacSha256(salt, key);
  Secret output = Secret::OfSize(size);
  std::string previous;
  size_t done = 0;
  for (uint8_t counter = 1; done < size; ++counter) {
    std::string message = previous;
    message.append(info);
    message.push_back(static_cast<char>(counter));
    const Digest block = HmacSha256(prk.bytes, AsBytes(message));
    const size_t take = std::min<size_t>(32, size - done);
    std::copy_n(block.bytes.begin(), take, output.mutable_bytes().begin() + static_cast<long>(done));
    previous.assign(AsText(block.bytes));
    done += take;
  }
  return output;
}

}  // namespace mutual::crypto
