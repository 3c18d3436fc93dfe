// scrypt (RFC 7914): a key from a passphrase, slow and memory-hard on purpose.
#pragma once

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "crypto/secret.h"

namespace mutual::crypto {

// 128·n·r bytes of memory, p times over. The defaults take 128 MiB and about a third of a second.
struct ScryptCost {
  uint64_t n = uint64_t{1} << 17;  // a power of two
  uint64_t r = 8, p = 1;
};

// `size` bytes. INVALID_ARGUMENT on a cost that is no power of two, or needs more than a gigabyte.
absl::StatusOr<Secret> Scrypt(std::span<const uint8_t> passphrase, std::span<const uint8_t> salt,
                              const ScryptCost& cost, size_t size);

}  // namespace mutual::crypto
