#include "crypto/scrypt.h"

#include <openssl/evp.h>

#include "base/encoding.h"
#include "base/status.h"

namespace mutual::crypto {
namespace {

constexpr uint64_t kMostMemory = uint64_t{1} << 30;

}  // namespace

absl::StatusOr<Secret> Scrypt(std::span<const uint8_t> passphrase, std::span<const uint8_t> salt,
                              const ScryptCost& cost, size_t size) {
  const bool sensible = cost.n >= 2 && (cost.n & (cost.n - 1)) == 0 && cost.n <= kMostMemory &&
                        cost.r >= 1 && cost.r <= 64 && cost.p >= 1 && cost.p <= 64 &&
                        128 * cost.n * cost.r <= kMostMemory;
  if (!sensible) {
    return InvalidArgument(
        "scrypt got the cost n=%d r=%d p=%d, want n a power of two and at most a "
        "gigabyte of memory",
        cost.n, cost.r, cost.p);
  }
  Secret key = Secret::OfSize(size);
  const std::string_view text = AsText(passphrase);
  const int done =
      EVP_PBE_scrypt(text.data(), text.size(), salt.data(), salt.size(), cost.n, cost.r, cost.p,
                     2 * kMostMemory, key.mutable_bytes().data(), size);
  if (done != 1) return Internal("OpenSSL could not derive a key with scrypt");
  return key;
}

}  // namespace mutual::crypto
