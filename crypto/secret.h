// Key material: uncopyable, wiped on destruction, compared in constant time.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace mutual::crypto {

class Secret {
 public:
  Secret() = default;
  static Secret FromBytes(std::span<const uint8_t> bytes);
  static Secret OfSize(size_t size);  // zeroed, to be filled through mutable_bytes()
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  Secret Clone() const;
  std::span<const uint8_t> bytes() const { return bytes_; }
  std::span<uint8_t> mutable_bytes() { return bytes_; }
  size_t size() const { return bytes_.size(); }
  void Wipe();
  bool Equals(std::span<const uint8_t> other) const;  // constant time in the contents

 private:
  std::vector<uint8_t> bytes_;
};

// Constant-time comparison of public-length byte strings.
bool ConstantTimeEquals(std::span<const uint8_t> a, std::span<const uint8_t> b);

}  // namespace mutual::crypto
