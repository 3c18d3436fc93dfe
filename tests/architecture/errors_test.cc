// docs/ERRORS.md explains every error code, and no other.
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "tests/catch.h"

namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

std::string Read(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Names Matches(const std::string& text, const std::string& pattern) {
  Names names;
  const std::regex regex(pattern);
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) {
    names.insert((*at)[1].str());
  }
  return names;
}

// Quoted capitals with an underscore are codes, but for these names of the environment.
Names CodesInSource() {
  Names codes;
  for (const char* const room : {"base", "crypto", "privacy", "aggregation", "transparency",
                                 "study", "client", "coordinator", "tools"}) {
    if (!fs::exists(fs::path(MUTUAL_SOURCE_DIR) / room)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(MUTUAL_SOURCE_DIR) / room)) {
      if (entry.path().extension() != ".cc" && entry.path().extension() != ".h") continue;
      codes.merge(Matches(Read(entry.path()), "\"([A-Z]+(?:_[A-Z]+)+)\""));
    }
  }
  for (const char* const name : {"GRPC_SSL_CIPHER_SUITES", "OMP_WAIT_POLICY", "MUTUAL_LEARNING",
                                 "MUTUAL_ALARM", "MUTUAL_PASSPHRASE_FILE",
                                 "MUTUAL_NEW_PASSPHRASE_FILE", "OMP_NUM_THREADS",
                                 "OPENBLAS_NUM_THREADS", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE",
                                 "PMIX_RANK"}) {
    codes.erase(name);
  }
  return codes;
}

}  // namespace

TEST_CASE("docs/ERRORS.md explains every error code, and no other", "[architecture]") {
  const std::string text = Read(fs::path(MUTUAL_SOURCE_DIR) / "docs" / "ERRORS.md");
  const Names explained = Matches(text, "`([A-Z]+(?:_[A-Z]+)+)`");
  const Names used = CodesInSource();
  REQUIRE(used.size() > 50);
  for (const std::string& code : used) {
    INFO(code << " is used but not explained");
    CHECK(explained.count(code) == 1);
  }
  for (const std::string& code : explained) {
    INFO(code << " is explained but not used");
    CHECK(used.count(code) == 1);
  }
}
