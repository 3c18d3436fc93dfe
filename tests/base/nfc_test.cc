#include "base/nfc.h"

#include <string>

#include "base/utf8.h"
#include "tests/catch.h"

namespace mutual {

TEST_CASE("UTF-8 is read strictly", "[utf8]") {
  CHECK(IsUtf8("a\xc3\xa9\xe2\x80\x94\xf0\x9f\x8c\xb1"));
  const std::string bad =
      GENERATE(as<std::string>(), "\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
               "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xe2\x80", "\xff", "\xc3\x28");
  CHECK_FALSE(IsUtf8(bad));
  CHECK_FALSE(IsNfc(bad));
}

TEST_CASE("One code point is taken at a time, and a bad one is left there", "[utf8]") {
  std::string_view rest = "\xe2\x80\x94x\xff";
  CHECK(NextCodePoint(rest) == U'\u2014');
  CHECK(NextCodePoint(rest) == U'x');
  CHECK_FALSE(NextCodePoint(rest).has_value());
  CHECK(rest == "\xff");
}

// Judged by Python's unicodedata 14.0.0.
TEST_CASE("Texts in NFC are told from others", "[nfc]") {
  const auto [text, is_nfc] = GENERATE(table<std::string, bool>({
      {"", true},
      {"plain", true},
      {"\xc3\xa9t\xc3\xa9", true},   // composed
      {"e\xcc\x81", false},          // e, acute
      {"q\xcc\x81", true},           // has no composed form
      {"\xc3\xaa\xcc\x81", false},   // ê, acute: ế
      {"\xc3\xaa\xcc\xa3", false},   // ê, dot below: ệ, through another order
      {"q\xcc\x87\xcc\xa3", false},  // dot above before dot below: wrong order
      {"q\xcc\xa3\xcc\x87", true},
      {"\xe2\x84\xab", false},              // ångström sign
      {"\xea\xb0\x81", true},               // a Hangul syllable
      {"\xe1\x84\x80\xe1\x85\xa1", false},  // its parts
      {"\xea\xb0\x80\xe1\x86\xa8", false},  // syllable and trailing consonant
      {"\xe0\xa6\x95\xe0\xa6\xbe", true},   // Bengali ka, aa
      {"\xe0\xa7\x87\xe0\xa6\xbe", false},  // Bengali e, aa: o
      {"\xef\xac\xaa", false},              // excluded from composition
  }));
  INFO(text);
  CHECK(IsNfc(text) == is_nfc);
}

}  // namespace mutual
