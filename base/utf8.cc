#include "base/utf8.h"

#include <cstddef>
#include <cstdint>

namespace mutual {

std::optional<char32_t> NextCodePoint(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  const auto first = static_cast<uint8_t>(rest[0]);
  if (first < 0x80) {
    rest.remove_prefix(1);
    return first;
  }
  size_t length = 0;
  char32_t value = 0;
  if (first >= 0xc2 && first < 0xe0) {
    length = 2, value = first & 0x1fU;
  } else if (first >= 0xe0 && first < 0xf0) {
    length = 3, value = first & 0x0fU;
  } else if (first >= 0xf0 && first < 0xf5) {
    length = 4, value = first & 0x07U;
  }
  if (length == 0 || rest.size() < length) return std::nullopt;
  for (size_t i = 1; i < length; ++i) {
    const auto next = static_cast<uint8_t>(rest[i]);
    if ((next & 0xc0) != 0x80) return std::nullopt;
    value = value << 6 | (next & 0x3fU);
  }
  const bool over_long = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xd800 && value < 0xe000;
  if (over_long || surrogate || value > 0x10ffff) return std::nullopt;
  rest.remove_prefix(length);
  return value;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    if (!NextCodePoint(text).has_value()) return false;
  }
  return true;
}

bool IsUnicodeSpace(char32_t c) {
  return (c >= 0x9 && c <= 0xd) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

}  // namespace mutual
