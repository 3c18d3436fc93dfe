#include "tools/research/federation_check.h"

#include "tests/catch.h"
#include "tests/study/example_study.h"
#include "tests/transparency/vector.h"
#include "transparency/cosignature.h"

namespace mutual::research {
namespace {

using transparency::testing::KeyOf;

// A log whose witnesses are these, of whom `k` must cosign.
KnownFederation Federation(size_t k, const std::vector<std::string>& names) {
  std::string text = "log " + std::string(transparency::testing::kLogVkey) + "\n", group;
  for (const std::string& name : names) {
    const auto key = transparency::CosignatureSigner::Create("witness/" + name, KeyOf(name));
    text += "witness " + name + " " + key->verifier().ToVkey() + "\n";
    group += " " + name;
  }
  text += "group founders " + std::to_string(k) + group + "\nquorum founders\n";
  return {*transparency::Policy::Parse(text), {}};
}

study::Study Example() { return *study::LintText(std::string(study::kHead) + study::kMean).study; }

}  // namespace

TEST_CASE("A study that fits its federation has no problem", "[lint]") {
  const auto federation = Federation(5, {"dock", "farm", "mill", "mine", "quay", "yard"});
  CHECK(CheckAgainst(Example(), federation).empty());
}

TEST_CASE("What propose would refuse is found on its line", "[lint]") {
  SECTION("a scrutineer that is no witness") {
    const auto found = CheckAgainst(Example(), Federation(3, {"dock", "farm", "mine", "quay"}));
    REQUIRE(found.size() == 2);
    CHECK(found[0].code == "SCRUTINEER_UNKNOWN");
    CHECK(found[0].line == 46);
    CHECK_THAT(found[0].message, ContainsSubstring("scrutineer mill"));
    CHECK_THAT(found[1].message, ContainsSubstring("dock, farm, mine, quay"));
  }
  SECTION("an operator's node that is not declared") {
    auto federation = Federation(5, {"dock", "farm", "mill", "mine", "quay", "yard"});
    federation.operator_nodes = {"dock"};
    const auto found = CheckAgainst(Example(), federation);
    REQUIRE(found.size() == 1);
    CHECK(found[0].code == "OPERATOR_UNDECLARED");
    CHECK(found[0].line == 48);
  }
  SECTION("quorums that share too few") {
    const auto found =
        CheckAgainst(Example(), Federation(3, {"dock", "mill", "mine", "quay", "yard"}));
    REQUIRE(found.size() == 1);
    CHECK(found[0].code == "WITNESS_QUORUM");
    CHECK(found[0].line == 47);
  }
}

}  // namespace mutual::research
