// Which texts from outside may be shown to people and written to JSON. Internal to study/.
#pragma once

#include <string>
#include <string_view>

namespace mutual::study {

// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, at most U+10FFFF.
bool IsUtf8(std::string_view text);

enum class TextShape { kLine, kParagraphs };  // paragraphs may hold line feeds, returns and tabs

// False when `text` (UTF-8) holds a control character or one that is invisible or turns the
// direction of writing: what people read would not be what they vote on.
bool IsReadable(std::string_view text, TextShape shape);

}  // namespace mutual::study
