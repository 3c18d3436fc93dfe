#include "base/ids.h"

#include <string>

#include "tests/catch.h"

namespace mutual {
namespace {

const std::string kHex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";

TEST_CASE("A digest reads back from its 64 digits", "[ids]") {
  const auto digest = Digest::FromHex(kHex);
  REQUIRE_OK(digest);
  CHECK(digest->bytes[1] == 1);
  CHECK(digest->bytes[31] == 255);
  CHECK(digest->ToHex() == kHex);
  CHECK(digest->Short() == "000102030405");
  CHECK(Digest{} < *digest);
}

TEST_CASE("A digest in any other spelling is refused", "[ids]") {
  CHECK_THAT(std::string(Digest::FromHex(kHex.substr(1)).status().message()),
             ContainsSubstring("63 characters, want 64"));
  CHECK_FALSE(Digest::FromHex("").ok());
  CHECK_FALSE(Digest::FromHex(kHex + "00").ok());
  std::string upper = kHex;
  upper[63] = 'F';
  CHECK(Digest::FromHex(upper).status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_FALSE(Digest::FromHex(kHex.substr(0, 62) + "zz").ok());
}

TEST_CASE("An organisation's name is 1 to 40 of a-z, 0-9 and '-'", "[ids]") {
  for (const std::string& name :
       {std::string("a"), std::string("north-07"), std::string("z-"), std::string(40, 'n')}) {
    const auto id = NodeId::Parse(name);
    REQUIRE_OK(id);
    CHECK(id->name() == name);
  }
  CHECK(*NodeId::Parse("east") < *NodeId::Parse("north"));
  CHECK(*NodeId::Parse("east") == *NodeId::Parse("east"));
}

TEST_CASE("Any other organisation name is refused", "[ids]") {
  const std::string name = GENERATE(as<std::string>(), "", "7north", "-north", "North", "nörth",
                                    "north west", "north_7", "north\n", "../north", "north.example",
                                    std::string(41, 'n'), std::string("a\0b", 3));
  const auto id = NodeId::Parse(name);
  CHECK(id.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(id.status().message()), ContainsSubstring("beginning with a letter"));
}

TEST_CASE("A very long name does not fill the error message", "[ids]") {
  CHECK(NodeId::Parse(std::string(100'000, 'n')).status().message().size() < 250);
}

}  // namespace
}  // namespace mutual
