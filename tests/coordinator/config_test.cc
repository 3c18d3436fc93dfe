#include "base/status.h"
#include "coordinator/enrolment/coordinator_config.h"
#include "tests/catch.h"
#include "tests/support/one_entry_log.h"
#include "transparency/cosignature.h"

namespace mutual::coordinator {
namespace {

const char kPlain[] =
    "federation = \"fed.example\"\nlisten = \"127.0.0.1:7443\"\naddress = \"127.0.0.1:7443\"\n";

std::string Line(const std::string& name, char key) {
  const auto cosigner =
      *transparency::CosignatureSigner::Create("witness/w", mutual::testing::KeyOf(key));
  return "\"" + name + " " + cosigner.verifier().ToVkey() + " https://" + name + "\"";
}

std::string WithWitnesses(const std::string& lines, const std::string& more = "") {
  return kPlain + std::string("[log]\nlisten = \"0.0.0.0:8080\"\nwitnesses = [") + lines + "]\n" +
         more;
}

void ExpectRefused(const std::string& text, const std::string& message) {
  const auto config = ParseCoordinatorConfig(text);
  INFO(text);
  CHECK(ErrorCode(config.status()) == "COORDINATOR_CONFIG");
  CHECK_THAT(std::string(config.status().message()), ContainsSubstring(message));
}

}  // namespace

TEST_CASE("The configuration that init writes is read back", "[config]") {
  const auto config = ParseCoordinatorConfig(
      ExampleCoordinatorToml({"fed.example", "0.0.0.0:1", "fed.example:1", {}, {}}));
  REQUIRE_OK(config);
  CHECK(config->federation == "fed.example");
  CHECK(config->listen == "0.0.0.0:1");
  CHECK(config->address == "fed.example:1");
  CHECK(config->log.listen.empty());
  CHECK(config->log.witnesses.empty());
  CHECK(config->log.needed == 0);
}

TEST_CASE("Outside witnesses are read, one of them needed unless said otherwise", "[config]") {
  const std::string two = Line("a.example", 'a') + ", " + Line("b.example", 'b');
  const auto config = ParseCoordinatorConfig(WithWitnesses(two));
  REQUIRE_OK(config);
  CHECK(config->log.listen == "0.0.0.0:8080");
  REQUIRE(config->log.witnesses.size() == 2);
  CHECK(config->log.witnesses[1].name == "b.example");
  CHECK(config->log.witnesses[1].url == "https://b.example");
  CHECK(config->log.needed == 1);
  CHECK(ParseCoordinatorConfig(WithWitnesses(two, "witnesses_needed = 2\n"))->log.needed == 2);
}

TEST_CASE("What is wrong in coordinator.toml is named with its line", "[config]") {
  ExpectRefused("federation = ", "line 1");
  ExpectRefused("federation = \"f\"\nlisten = \"l\"\n", "no address");
  ExpectRefused(kPlain + std::string("color = \"red\"\n"), "line 4: unknown key \"color\"");
  ExpectRefused(kPlain + std::string("[log]\nport = 1\n"), "line 5: unknown key \"port\"");
  const std::string one = Line("a.example", 'a');
  ExpectRefused(WithWitnesses("\"a.example nonsense https://a.example\""), "line 6");
  ExpectRefused(WithWitnesses(Line("north", 'a')), "a dot in the name");
  ExpectRefused(WithWitnesses(one.substr(0, one.rfind(' ')) + "\""), "NAME VKEY URL");
  ExpectRefused(WithWitnesses(one + ", " + Line("b.example", 'a')), "want each key once");
  ExpectRefused(WithWitnesses(one, "witnesses_needed = 2\n"), "witnesses_needed is 2");
  ExpectRefused(WithWitnesses(one, "witnesses_needed = 0\n"), "witnesses_needed is 0");
}

}  // namespace mutual::coordinator
