#include "transparency/entry_value.h"

#include <string>

#include "base/status.h"
#include "tests/catch.h"
#include "tests/transparency/sample_entry.h"

namespace mutual::transparency {

TEST_CASE("Each kind has one spelling and refuses others", "[entry]") {
  using enum ValueKind;
  const std::string hash(64, 'a'), root = "OF2jDzkXKCyJOd/4UZV+UZqxhGsTUaFMCts7EWMnQqo=";
  const auto [kind, value, message] = GENERATE_COPY(table<ValueKind, std::string, std::string>({
      {kText, "", "is empty"},
      {kText, " a", "begins or ends with white space"},
      {kText, "a ", "begins or ends with white space"},
      {kText,
       "\xc2\xa0"
       "a",
       "begins or ends with white space"},
      {kText, "a\xe2\x80\xa9", "begins or ends with white space"},
      {kText, "a\nb", "has a newline"},
      {kText, "e\xcc\x81", "normal form C"},
      {kText, "\xff", "normal form C"},
      {kWord, "Word", "a word of a-z"},
      {kWord, "two words", "a word of a-z"},
      {kCode, "code", "a code of A-Z"},
      {kCode, "_CODE", "a code of A-Z"},
      {kName, "7north", ""},
      {kName, "north 07", ""},
      {kName, std::string(41, 'a'), ""},
      {kOrigin, "a+b", "'+'"},
      {kInteger, "012", "whole number"},
      {kInteger, "-1", "whole number"},
      {kInteger, "18446744073709551616", "whole number"},
      {kReal, "0.10", "shortest decimal"},
      {kReal, "1e400", "shortest decimal"},
      {kReal, "nan", "shortest decimal"},
      {kReal, "inf", "shortest decimal"},
      {kReal, "+1", "shortest decimal"},
      {kHash, hash.substr(1), "64 lowercase hex"},
      {kHash, std::string(64, 'A'), "64 lowercase hex"},
      {kStudy, hash, "want sha256:"},
      {kStudy, "sha256:" + hash.substr(1), "64 lowercase hex"},
      {kTime, "2026-11-23T10:31:07", "want a time like"},
      {kTime, "2026-11-23 10:31:07Z", "want a time like"},
      {kTime, "2026-02-30T10:31:07Z", "want a time like"},
      {kTime, "2026-11-23T10:31:07.0Z", "want a time like"},
      {kKey, "key", "want NAME+KEYID+BASE64"},
      {kHead, root, "a size, a space and a root"},
      {kHead, "03 " + root, "whole number"},
      {kHead, "9223372036854775808 " + root, "a size below 2^63"},
      {kHead, "3 AAAA", "a root of 32 bytes"},
      {kHead, "3  " + root, "base64"},
      {kClassHash, hash, "a mask class, a space and a hash"},
      {kClassHash, "a " + hash, "whole number"},
      {kClassHash, "0 " + hash + " ", "white space"},
      {kClassHash, "0 b" + hash, "64 lowercase hex"},
      {kSealedHash, "0 " + hash, "a holder's name"},
      {kSealedHash, "x south-02 " + hash, "whole number"},
      {kSealedHash, "0 South " + hash, ""},
      {kSealedHash, "0 south-02 x" + hash, "64 lowercase hex"},
  }));
  INFO(NameOf(kind) << ": " << value);
  const absl::Status status = CheckValue(kind, value);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(status.message()), ContainsSubstring(message));
  CHECK_FALSE(status.message().empty());
}

TEST_CASE("A sample of each kind is accepted", "[entry]") {
  for (int i = 0; i <= static_cast<int>(ValueKind::kSealedHash); ++i) {
    const auto kind = static_cast<ValueKind>(i);
    INFO(NameOf(kind));
    REQUIRE_OK(CheckValue(kind, testing::SampleOf(kind)));
  }
  REQUIRE_OK(CheckValue(ValueKind::kReal, "-0.5"));
  REQUIRE_OK(CheckValue(ValueKind::kInteger, "18446744073709551615"));
}

TEST_CASE("Values print as they were read", "[entry]") {
  const std::string head = testing::SampleOf(ValueKind::kHead);
  CHECK(PrintHead(*ParseHead(head)) == head);
  const std::string commit = testing::SampleOf(ValueKind::kClassHash);
  CHECK(PrintClassHash(*ParseClassHash(commit)) == commit);
  const std::string sealed = testing::SampleOf(ValueKind::kSealedHash);
  CHECK(PrintSealedHash(*ParseSealedHash(sealed)) == sealed);
  CHECK(ParseSealedHash(sealed)->holder == "south-02");
  const std::string study = testing::SampleOf(ValueKind::kStudy);
  CHECK(PrintStudy(*ParseStudy(study)) == study);
}

}  // namespace mutual::transparency
