// The rules of the house, read off the source: layers, quarantine of heavy or dangerous headers, file size.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

const std::vector<std::string> kRooms = {"base",   "crypto", "privacy",     "aggregation", "transparency",
                                         "study",  "client", "coordinator", "tools",       "examples",
                                         "bench"};

// Which rooms a room may include besides itself.
const std::map<std::string, Names>& Allowed() {
  static const Names below_middle = {"base", "crypto"};
  static const Names below_programs = {"base",        "crypto",       "privacy",
                                       "aggregation", "transparency", "study"};
  static const Names all(kRooms.begin(), kRooms.end());
  static const std::map<std::string, Names> kAllowed = {
      {"base", {}},
      {"crypto", {"base"}},
      {"privacy", below_middle},
      {"aggregation", below_middle},
      {"transparency", below_middle},
      {"study", below_middle},
      {"client", below_programs},
      {"coordinator", below_programs},
      {"tools", all},
      {"examples", all},
      {"bench", all}};
  return kAllowed;
}

struct Source {
  std::string path;  // relative to the repository
  std::string text;
};

std::vector<Source> Sources(const std::vector<std::string>& rooms = kRooms) {
  std::vector<Source> sources;
  const fs::path root(MUTUAL_SOURCE_DIR);
  for (const std::string& room : rooms) {
    if (!fs::exists(root / room)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / room)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cc") continue;
      std::ifstream file(entry.path());
      std::stringstream text;
      text << file.rdbuf();
      sources.push_back({fs::relative(entry.path(), root).generic_string(), text.str()});
    }
  }
  return sources;
}

std::vector<std::string> Includes(const std::string& text) {
  static const std::regex kInclude(R"re((?:^|\n)\s*#\s*include\s*[<"]([^>"]+)[>"])re");
  std::vector<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), kInclude), end; it != end; ++it) {
    found.push_back((*it)[1]);
  }
  return found;
}

std::string RoomOf(const std::string& path) { return path.substr(0, path.find('/')); }

// Whether `path` may include `header` (as written). Empty when it may, else the broken rule.
std::string BrokenRule(const std::string& path, const std::string& header) {
  const auto starts = [](const std::string& text, const std::string& prefix) {
    return text.rfind(prefix, 0) == 0;
  };
  const bool is_source = path.size() > 3 && path.substr(path.size() - 3) == ".cc";
  const auto in = [&](const std::vector<std::string>& folders) {
    return std::any_of(folders.begin(), folders.end(),
                       [&](const std::string& folder) { return starts(path, folder); });
  };
  if (starts(header, "torch/") && !(is_source && in({"client/learning/"}))) {
    return "torch only in client/learning/*.cc";
  }
  if (starts(header, "grpcpp/") && !in({"coordinator/service/", "client/channel/", "tools/research/", "bench/"})) {
    return "grpcpp only in */service, */channel, tools/research";
  }
  if (starts(header, "openssl/") && !(is_source && in({"crypto/"}))) {
    return "openssl only in crypto/*.cc";
  }
  if (starts(header, "soci/") && !in({"coordinator/storage/", "client/ledger/", "client/data/"})) {
    return "soci only in coordinator/storage, client/ledger, client/data";
  }
  if (header == "mpi.h" && !(is_source && in({"tools/simulate/mpi_ranks.cc"}))) {
    return "mpi only in tools/simulate/mpi_ranks.cc";
  }
  if (starts(header, "tools/simulate/") && !in({"tools/simulate/"})) {
    return "what simulations need, seeds and no noise, stays in their room";
  }
  if (header == "httplib.h" &&
      !(is_source && in({"transparency/http/", "tools/audit/source.cc"}))) {
    return "httplib only in transparency/http/*.cc and tools/audit/source.cc";
  }
  const std::string from = RoomOf(path);
  const std::string to = RoomOf(header);
  if (in({"tools/audit/"}) && (to == "client" || to == "coordinator" || to == "proto")) {
    return "an auditor must not link what it audits";
  }
  const bool ours = std::find(kRooms.begin(), kRooms.end(), to) != kRooms.end();
  if (ours && header.find('/') != std::string::npos && to != from &&
      Allowed().at(from).count(to) == 0) {
    return from + " may not include " + to;
  }
  return "";
}

}  // namespace

TEST_CASE("The rules themselves catch what they forbid", "[architecture]") {
  REQUIRE(BrokenRule("privacy/grid.cc", "study/recipe.h") != "");
  REQUIRE(BrokenRule("client/node/node.cc", "coordinator/round/round_machine.h") != "");
  REQUIRE(BrokenRule("client/learning/trainer.h", "torch/torch.h") != "");
  REQUIRE(BrokenRule("client/node/node.cc", "torch/torch.h") != "");
  REQUIRE(BrokenRule("crypto/digest.h", "openssl/evp.h") != "");
  REQUIRE(BrokenRule("client/node/home.cc", "openssl/evp.h") != "");
  REQUIRE(BrokenRule("client/node/home.cc", "grpcpp/grpcpp.h") != "");
  REQUIRE(BrokenRule("coordinator/round/x.cc", "soci/soci.h") != "");
  REQUIRE(BrokenRule("client/node/witness_command.cc", "httplib.h") != "");
  REQUIRE(BrokenRule("transparency/http/http_listener.h", "httplib.h") != "");
  REQUIRE(BrokenRule("transparency/http/http_listener.cc", "httplib.h") == "");
  REQUIRE(BrokenRule("tools/audit/replayer.cc", "coordinator/round/round_machine.h") != "");
  REQUIRE(BrokenRule("client/learning/trainer.cc", "torch/torch.h") == "");
  REQUIRE(BrokenRule("client/node/node.cc", "tools/simulate/seeded_stream.h") != "");
  REQUIRE(BrokenRule("bench/round_bench.cc", "tools/simulate/no_noise.h") != "");
  REQUIRE(BrokenRule("tools/research/main.cc", "tools/simulate/seeded_slots.h") != "");
  REQUIRE(BrokenRule("tools/simulate/simulation.cc", "mpi.h") != "");
  REQUIRE(BrokenRule("client/node/node.cc", "privacy/grid.h") == "");
  REQUIRE(Includes("#include <torch/a.h>\n  #  include \"b/c.h\"").size() == 2);
}

TEST_CASE("Every include points down the layers and stays out of quarantine", "[architecture]") {
  const std::vector<Source> sources = Sources();
  REQUIRE(sources.size() > 10);
  std::string broken;
  for (const Source& source : sources) {
    for (const std::string& header : Includes(source.text)) {
      const std::string rule = BrokenRule(source.path, header);
      if (!rule.empty()) broken += source.path + " includes " + header + ": " + rule + "\n";
    }
  }
  INFO(broken);
  REQUIRE(broken.empty());
}

TEST_CASE("A ledger in memory, seeded randomness and missing noise are for simulations only",
          "[architecture]") {
  static const std::regex kDanger(R"(\b(OpenInMemory|SeededStream|SeededSlots|NoNoise)\b)");
  std::string broken;
  for (const Source& source : Sources()) {
    const bool is_home = source.path.rfind("tools/simulate/", 0) == 0 ||
                         source.path == "client/ledger/ledger.h" ||
                         source.path == "client/ledger/ledger.cc";
    if (!is_home && std::regex_search(source.text, kDanger)) broken += source.path + "\n";
  }
  INFO(broken);
  REQUIRE(broken.empty());
}

TEST_CASE("⚔ A study's phases are made in one place, so that no accountant forgets its steps",
          "[architecture]") {
  // What would make phases of noise, rate and rounds by hand: a phase's braces, also those of a list
  // of phases, or z·√h.
  static const std::regex kPhase(
      R"(\bPhase\s*(\w+\s*)?\{|\bPublicNoiseMultiplier\b|(push|emplace)_back\(\{?[\w.]*\bnoise_multiplier)");
  REQUIRE(std::regex_search(std::string("privacy::Phase{z, q, rounds}"), kPhase));
  REQUIRE(std::regex_search(std::string("const privacy::Phase phase{z, q, rounds};"), kPhase));
  REQUIRE(std::regex_search(std::string("phases.push_back({study.terms.noise_multiplier, q, t});"), kPhase));
  REQUIRE_FALSE(std::regex_search(std::string("privacy::NodePhase(study.cost())"), kPhase));
  std::string broken;
  // The benchmarks have no study.
  for (const Source& source : Sources()) {
    const bool is_home = source.path.rfind("privacy/", 0) == 0 || source.path.rfind("bench/", 0) == 0;
    if (!is_home && std::regex_search(source.text, kPhase)) broken += source.path + "\n";
  }
  INFO(broken);
  REQUIRE(broken.empty());
}

TEST_CASE("No file is longer than 400 lines", "[architecture]") {
  std::string broken;
  std::vector<std::string> rooms = kRooms;
  rooms.push_back("tests");
  for (const Source& source : Sources(rooms)) {
    const auto lines = std::count(source.text.begin(), source.text.end(), '\n');
    if (lines > 400) broken += source.path + ": " + std::to_string(lines) + " lines\n";
  }
  INFO(broken);
  REQUIRE(broken.empty());
}

TEST_CASE("Our own code throws nothing and has no unfinished marks", "[architecture]") {
  static const std::regex kThrow(R"((^|\n)[^/\n"]*\bthrow\b)");
  static const std::regex kMarks(R"(\b(TODO|FIXME|XXX|HACK)\b)");
  std::string broken;
  for (const Source& source : Sources()) {
    if (std::regex_search(source.text, kThrow)) broken += source.path + " throws\n";
    if (std::regex_search(source.text, kMarks)) broken += source.path + " has an unfinished mark\n";
  }
  INFO(broken);
  REQUIRE(broken.empty());
}
