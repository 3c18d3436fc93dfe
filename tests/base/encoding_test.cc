#include "base/encoding.h"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"

namespace mutual {
namespace {

void CheckRefused(const absl::Status& status, const std::string& part) {
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(status.message()), ContainsSubstring(part));
}

std::string AllBytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

TEST_CASE("Hex is lowercase and reads back", "[encoding]") {
  CHECK(HexEncode(AsBytes("\xde\xad\xbe\xef")) == "deadbeef");
  CHECK(HexEncode({}).empty());
  const auto decoded = HexDecode(HexEncode(AsBytes(AllBytes())));
  REQUIRE_OK(decoded);
  CHECK(*decoded == AllBytes());
}

TEST_CASE("Hex in any other spelling is refused", "[encoding]") {
  CheckRefused(HexDecode("abc").status(), "odd number");
  CheckRefused(HexDecode("0g").status(), "outside 0-9a-f at position 0");
  CheckRefused(HexDecode("00AB").status(), "position 2");
  CheckRefused(HexDecode("0 ").status(), "outside 0-9a-f");
  CheckRefused(HexDecode("0x12").status(), "outside 0-9a-f");
  CheckRefused(HexDecode(std::string("\0\0", 2)).status(), "outside 0-9a-f");
}

// RFC 4648, section 10.
TEST_CASE("Base64 gives the examples of RFC 4648", "[encoding]") {
  const std::vector<std::pair<std::string, std::string>> examples = {{"", ""},
                                                                     {"f", "Zg=="},
                                                                     {"fo", "Zm8="},
                                                                     {"foo", "Zm9v"},
                                                                     {"foob", "Zm9vYg=="},
                                                                     {"fooba", "Zm9vYmE="},
                                                                     {"foobar", "Zm9vYmFy"},
                                                                     {"\xfb\xff", "+/8="}};
  for (const auto& [bytes, text] : examples) {
    CHECK(Base64Encode(AsBytes(bytes)) == text);
    const auto decoded = Base64Decode(text);
    REQUIRE_OK(decoded);
    CHECK(*decoded == bytes);
  }
}

TEST_CASE("Base64 of any bytes reads back", "[encoding]") {
  const std::string all = AllBytes();
  for (size_t size = 0; size <= all.size(); ++size) {
    const auto decoded = Base64Decode(Base64Encode(AsBytes(all).last(size)));
    REQUIRE_OK(decoded);
    REQUIRE(*decoded == all.substr(all.size() - size));
  }
}

// Of the 64 last characters before the padding, those with a stray bit set are refused: without
// this two texts would be one value.
TEST_CASE("Base64 has one spelling of each value", "[encoding]") {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  int accepted = 0;
  for (const char c : alphabet) {
    for (const std::string& text : {std::string("A") + c + "==", std::string("AA") + c + "="}) {
      const auto decoded = Base64Decode(text);
      if (decoded.ok()) {
        ++accepted;
        CHECK(Base64Encode(AsBytes(*decoded)) == text);
      } else {
        CheckRefused(decoded.status(), "not canonical");
      }
    }
  }
  CHECK(accepted == 4 + 16);
}

TEST_CASE("Malformed base64 is refused", "[encoding]") {
  CheckRefused(Base64Decode("Zg").status(), "multiple of 4");
  CheckRefused(Base64Decode("Zg=").status(), "3 characters");
  for (const std::string text : {"Zg==Zg==", "====", "Z===", "Zg=A", "Zm9v====", "Zm-_", "Zm9\n",
                                 " m9v", "Zm9v Zm9", "=m9v", "Z=9v"}) {
    CAPTURE(text);
    CheckRefused(Base64Decode(text).status(), "malformed at position");
  }
}

TEST_CASE("Whole numbers read in their one spelling", "[encoding]") {
  for (const uint64_t value : {uint64_t{0}, uint64_t{7}, uint64_t{10}, UINT64_MAX}) {
    const auto parsed = ParseUint64(std::to_string(value));
    REQUIRE_OK(parsed);
    CHECK(*parsed == value);
  }
  for (const std::string text : {"", "-1", "+1", "01", "00", " 1", "1 ", "1.0", "1e3", "0x1",
                                 "18446744073709551616", "99999999999999999999999", "1_000"}) {
    CAPTURE(text);
    CheckRefused(ParseUint64(text).status(), "want a whole number");
  }
  CHECK(ParseUint64(std::string(5000, '9')).status().message().size() < 200);
}

TEST_CASE("A number is written shortest", "[encoding]") {
  CHECK(FormatDouble(0.1) == "0.1");
  CHECK(FormatDouble(1.0) == "1");
  CHECK(FormatDouble(1e23) == "1e+23");
  CHECK(FormatDouble(-0.0) == "-0");
  CHECK(FormatDouble(5e-324) == "5e-324");
}

TEST_CASE("Any finite double reads back bit for bit", "[encoding]") {
  std::mt19937_64 words(1);
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t bits = words();
    double value = 0;
    std::memcpy(&value, &bits, sizeof(value));
    if (!std::isfinite(value)) continue;
    const auto parsed = ParseDouble(FormatDouble(value));
    REQUIRE_OK(parsed);
    REQUIRE(std::memcmp(&*parsed, &value, sizeof(value)) == 0);
  }
  CHECK(*ParseDouble(FormatDouble(std::numeric_limits<double>::max())) ==
        std::numeric_limits<double>::max());
}

TEST_CASE("A number in any other spelling is refused", "[encoding]") {
  for (const std::string text :
       {"", "1.0", "0.10", ".5", "5.", "+1", " 1", "1 ", "1e3", "1E+23", "0x1p3", "inf", "-inf",
        "nan", "1e999", "1,5", "0.1000000000000000055511151231257827", "00"}) {
    CAPTURE(text);
    CheckRefused(ParseDouble(text).status(), "shortest decimal form");
  }
}

TEST_CASE("Length-prefixed fields cannot be told apart wrongly", "[encoding]") {
  std::string one;
  AppendLengthPrefixed("ab", &one);
  AppendLengthPrefixed("c", &one);
  CHECK(one == std::string("\0\0\0\2ab\0\0\0\1c", 11));
  std::string other;
  AppendLengthPrefixed("a", &other);
  AppendLengthPrefixed("bc", &other);
  CHECK(one != other);
  std::string big;
  AppendLengthPrefixed(std::string(0x010203, 'x'), &big);
  CHECK(big.substr(0, 4) == std::string("\0\1\2\3", 4));
}

TEST_CASE("Words are big-endian and read back", "[encoding]") {
  std::string bytes = "x";
  PutUint64BigEndian(0x0102030405060708, &bytes);
  CHECK(bytes == "x\1\2\3\4\5\6\7\10");
  CHECK(GetUint64BigEndian(AsBytes(bytes).subspan<1, 8>()) == 0x0102030405060708);
  std::string most;
  PutUint64BigEndian(UINT64_MAX, &most);
  CHECK(GetUint64BigEndian(AsBytes(most).first<8>()) == UINT64_MAX);
}

TEST_CASE("Text and bytes are views of one another", "[encoding]") {
  const std::string text("a\0b", 3);
  CHECK(AsBytes(text).data() == reinterpret_cast<const uint8_t*>(text.data()));
  CHECK(AsText(AsBytes(text)) == text);
  CHECK(AsText({}).empty());
}

}  // namespace
}  // namespace mutual
