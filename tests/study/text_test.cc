// Which texts may be shown, and numbers as people read them.
#include "study/text.h"

#include <cmath>

#include "study/figure.h"
#include "tests/catch.h"

namespace mutual::study {

TEST_CASE("UTF-8 is accepted as RFC 3629 has it and nothing else", "[study]") {
  for (const char* good :
       {"", "abc", "£ ± é", "\xF0\x9F\x98\x80", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"}) {
    REQUIRE(IsUtf8(good));
  }
  for (const char* bad :
       {"\x80", "\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "a\xFF"}) {
    REQUIRE_FALSE(IsUtf8(bad));
    REQUIRE_FALSE(IsReadable(bad, TextShape::kParagraphs));
  }
}

TEST_CASE("Hidden characters make a text unreadable", "[study]") {
  REQUIRE(IsReadable("Löhne: 5 £, \u200Cfa", TextShape::kLine));
  REQUIRE(IsReadable("a\r\n\tb", TextShape::kParagraphs));
  REQUIRE_FALSE(IsReadable("a\nb", TextShape::kLine));
  for (const char* bad : {"\x1b[2J", "\x7f", "\u0085", "\u202E", "\u2066", "\u200B", "\u200F",
                          "\u2028", "\uFEFF", "\x01"}) {
    REQUIRE_FALSE(IsReadable(bad, TextShape::kParagraphs));
  }
}

TEST_CASE("Numbers are read without exponents and with the digits that are known", "[study]") {
  REQUIRE(Readable(123.456, 1.5) == "123.5");
  REQUIRE(Readable(123.456, 0.02) == "123.456");
  REQUIRE(Readable(123456.7, 5000) == "123457");
  REQUIRE(Readable(0.00001234, 0) == "0.00001234");
  REQUIRE(Readable(12.3456, 0) == "12.35");
  REQUIRE(Readable(1.34e-16, 0) == "1.3e-16");
  REQUIRE(Readable(0, 0) == "0");
  REQUIRE(Readable(0, 0) == "0");
  REQUIRE(Readable(-0.01, 20) == "0");
  REQUIRE(Readable(3.5, std::nan("")) == "3.500");
  REQUIRE(Readable(3.5, INFINITY) == "3.500");
  REQUIRE(Readable(std::nan(""), 1) == "withheld");
  REQUIRE(Readable(-INFINITY, 1) == "withheld");
  REQUIRE(Readable(1e300, 1e-300).find('e') == std::string::npos);
}

}  // namespace mutual::study
