#include "coordinator/enrolment/coordinator_config.h"

#include <set>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "base/toml.h"

namespace mutual::coordinator {
namespace {

absl::Status Wrong(const toml::source_region& at, const std::string& what) {
  return WithCode(InvalidArgument("coordinator.toml line %d: %s", at.begin.line, what),
                  "COORDINATOR_CONFIG");
}

absl::Status CheckKeys(const toml::table& table, const std::set<std::string>& known) {
  for (const auto& [key, node] : table) {
    if (known.count(std::string(key.str())) > 0) continue;
    return Wrong(node.source(), absl::StrFormat("unknown key \"%s\"", std::string(key.str())));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Text(const toml::table& table, const char* key) {
  const auto value = table[key].value<std::string>();
  if (value && !value->empty()) return *value;
  return Wrong(table.source(), absl::StrFormat("there is no %s = \"…\"; add it", key));
}

// "NAME VKEY URL". A dot in the name keeps it apart from organisations, which have none.
absl::StatusOr<std::vector<transparency::PolicyWitness>> ReadWitnesses(const toml::array& lines) {
  std::string text;
  for (const toml::node& line : lines) {
    text += "witness " + line.value_or(std::string()) + "\n";
    const auto read = transparency::Policy::Parse(text + "quorum none\n");
    if (!read.ok()) return Wrong(line.source(), std::string(read.status().message()));
    const transparency::PolicyWitness& witness = read->witnesses().back();
    if (witness.url.empty() || witness.name.find('.') == std::string::npos) {
      return Wrong(line.source(),
                   "want \"NAME VKEY URL\" with a dot in the name, such as "
                   "\"witness.example VKEY https://witness.example\"");
    }
  }
  MUTUAL_ASSIGN_OR_RETURN(const auto policy, transparency::Policy::Parse(text + "quorum none\n"));
  return policy.witnesses();
}

absl::StatusOr<LogConfig> ReadLog(const toml::table& table) {
  MUTUAL_RETURN_IF_ERROR(CheckKeys(table, {"listen", "witnesses", "witnesses_needed"}));
  LogConfig log;
  log.listen = table["listen"].value_or(std::string());
  if (const toml::array* const lines = table["witnesses"].as_array()) {
    MUTUAL_ASSIGN_OR_RETURN(log.witnesses, ReadWitnesses(*lines));
  }
  const int64_t most = static_cast<int64_t>(log.witnesses.size());
  const int64_t needed = table["witnesses_needed"].value_or(most > 0 ? int64_t{1} : int64_t{0});
  if (needed < (most > 0 ? 1 : 0) || needed > most) {
    return Wrong(
        table.source(),
        absl::StrFormat("witnesses_needed is %d, want 1 to the number of witnesses", needed));
  }
  log.needed = static_cast<size_t>(needed);
  return log;
}

constexpr char kExample[] =
    "# The coordinator of %s.\n"
    "federation = \"%s\"\n"
    "# Where this program listens. 0.0.0.0:7443 for all networks.\n"
    "listen = \"%s\"\n"
    "# What invitations tell nodes to dial. It may change; certificates do not depend on it.\n"
    "address = \"%s\"\n"
    "# Nodes that whoever runs this coordinator runs too, separated by spaces. They hold no "
    "masks.\n"
    "operator_nodes = \"\"\n"
    "\n"
    "# [audit]\n"
    "# Finished rounds whose files are kept for replays; left out: the newest, up to 2 GB.\n"
    "# keep_rounds = 100\n"
    "\n"
    "# The public log. `listen` serves its files over HTTP, without TLS: any web server can stand "
    "before it,\n"
    "# or serve the folder itself (serve --log-dir). `witnesses` outside the federation are asked "
    "to cosign\n"
    "# from the founding on, so decide before the first study; without `witnesses_needed` of them "
    "nothing is\n"
    "# published.\n"
    "# [log]\n"
    "# listen = \"0.0.0.0:8080\"\n"
    "# witnesses = [\"witness.example VKEY https://witness.example\"]\n"
    "# witnesses_needed = 1\n";

}  // namespace

absl::StatusOr<CoordinatorConfig> ParseCoordinatorConfig(const std::string& text) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return Wrong(parsed.error().source(), std::string(parsed.error().description()));
  }
  const toml::table& root = parsed.table();
  MUTUAL_RETURN_IF_ERROR(
      CheckKeys(root, {"federation", "listen", "address", "operator_nodes", "log", "audit"}));
  CoordinatorConfig config;
  MUTUAL_ASSIGN_OR_RETURN(config.federation, Text(root, "federation"));
  MUTUAL_ASSIGN_OR_RETURN(config.listen, Text(root, "listen"));
  MUTUAL_ASSIGN_OR_RETURN(config.address, Text(root, "address"));
  config.operator_nodes =
      absl::StrSplit(root["operator_nodes"].value_or(std::string()), ' ', absl::SkipEmpty());
  if (const toml::table* const audit = root["audit"].as_table()) {
    MUTUAL_RETURN_IF_ERROR(CheckKeys(*audit, {"keep_rounds"}));  // read by audit_config.cc
  }
  if (const toml::table* const log = root["log"].as_table()) {
    MUTUAL_ASSIGN_OR_RETURN(config.log, ReadLog(*log));
  }
  return config;
}

std::string ExampleCoordinatorToml(const CoordinatorConfig& config) {
  return absl::StrFormat(kExample, config.federation, config.federation, config.listen,
                         config.address);
}

}  // namespace mutual::coordinator
