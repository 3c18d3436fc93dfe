#include "study/text.h"

#include <cstdint>

namespace mutual::study {
namespace {

constexpr uint32_t kInvalid = 0xFFFFFFFF;

// The code point that begins at `*at`, which moves behind it; kInvalid when it is malformed.
uint32_t NextCodePoint(std::string_view text, size_t* at) {
  const auto first = static_cast<uint8_t>(text[(*at)++]);
  if (first < 0x80) return first;
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  if (first < 0xC2 || first > 0xF4) return kInvalid;
  uint32_t point = first & (0x3Fu >> more);
  for (int i = 0; i < more; ++i) {
    if (*at >= text.size()) return kInvalid;
    const auto byte = static_cast<uint8_t>(text[*at]);
    if ((byte & 0xC0) != 0x80) return kInvalid;
    point = point << 6 | (byte & 0x3F);
    ++*at;
  }
  constexpr uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  return point < kLeast[more] || point > 0x10FFFF || surrogate ? kInvalid : point;
}

bool IsHidden(uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point <= 0x9F) || point == 0x200B ||
         (point >= 0x200E && point <= 0x200F) || (point >= 0x2028 && point <= 0x202E) ||
         (point >= 0x2060 && point <= 0x2069) || point == 0xFEFF;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (NextCodePoint(text, &at) == kInvalid) return false;
  }
  return true;
}

bool IsReadable(std::string_view text, TextShape shape) {
  for (size_t at = 0; at < text.size();) {
    const uint32_t point = NextCodePoint(text, &at);
    const bool space = point == '\n' || point == '\r' || point == '\t';
    if (space && shape == TextShape::kParagraphs) continue;
    if (point == kInvalid || IsHidden(point)) return false;
  }
  return true;
}

}  // namespace mutual::study
