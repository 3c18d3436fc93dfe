// UTF-8 (RFC 3629), read strictly.
#pragma once

#include <optional>
#include <string_view>

namespace mutual {

// Takes one code point off the front of `rest`. Empty, with `rest` as it was, on bytes that are not
// UTF-8 (over-long forms, surrogates, above U+10FFFF, cut short) and on empty text.
std::optional<char32_t> NextCodePoint(std::string_view& rest);

bool IsUtf8(std::string_view text);

// The property White_Space of Unicode 15.
bool IsUnicodeSpace(char32_t code_point);

}  // namespace mutual
