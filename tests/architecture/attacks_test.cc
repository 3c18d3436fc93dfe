// tests/ATTACKS.md names tests that exist.
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>

#include "tests/catch.h"

namespace {

namespace fs = std::filesystem;

std::string Read(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("Every attack in tests/ATTACKS.md is played by the test that it names",
          "[architecture]") {
  const std::string table = Read(fs::path(MUTUAL_SOURCE_DIR) / "tests" / "ATTACKS.md");
  const std::regex row("\\| ([^|\\n]+) \\| (tests/[^|\\n]+) \\| ([^|\\n]+) \\|");
  size_t rows = 0;
  for (std::sregex_iterator at(table.begin(), table.end(), row), end; at != end; ++at, ++rows) {
    const std::string file = (*at)[2], name = (*at)[3];
    const bool is_program = file.find("/e2e/") != std::string::npos;
    const std::string text = Read(fs::path(MUTUAL_SOURCE_DIR) / file);
    INFO(file << ": " << name);
    CHECK(text.find(is_program ? name : "\"" + name + "\"") != std::string::npos);
  }
  REQUIRE(rows > 50);
}
