// AES-256-CTR as a seekable key stream (NIST SP 800-38A), zero IV.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"

namespace mutual::crypto {

// Byte k of the stream is byte k of AES-256-CTR(key, IV 0) over zeros, whatever the
// order of calls. Not thread-safe.
class KeyStream {
 public:
  // INVALID_ARGUMENT unless `key` has 32 bytes and `iv` 16.
  static absl::StatusOr<std::unique_ptr<KeyStream>> Create(std::span<const uint8_t> key);
  static absl::StatusOr<std::unique_ptr<KeyStream>> CreateWithIv(std::span<const uint8_t> key,
                                                                 std::span<const uint8_t> iv);
  ~KeyStream();
  void Seek(uint64_t byte_offset);
  void Fill(std::span<uint8_t> out);              // the next out.size() bytes
  // total[i] += word i of the next 4·total.size() bytes, read as little-endian uint32, modulo
  // 2^32. Expanded and added in blocks that stay in the first-level cache.
  void AddWords(std::span<uint32_t> total);
  void Xor(std::span<const uint8_t> in, std::span<uint8_t> out);  // in xor stream; sizes equal

 private:
  struct State;
  explicit KeyStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mutual::crypto
