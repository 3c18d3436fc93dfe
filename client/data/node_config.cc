#include "client/data/node_config.h"

#include <set>

#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/status.h"
#include "base/toml.h"

namespace mutual::client {
namespace {

constexpr uint64_t kMaxBytes = 1 << 20;

// Collects problems; every reader below adds to it.
struct Problems {
  std::string text;
  int count = 0;
  void Add(const toml::node& at, const std::string& message) {
    text += absl::StrFormat("\n  line %d: %s", at.source().begin.line, message);
    ++count;
  }
};

void CheckKeys(const toml::table& table, const std::set<std::string>& known,
               const std::string& where, Problems* problems) {
  for (const auto& [key, node] : table) {
    if (known.count(std::string(key.str())) == 0) {
      problems->Add(node,
                    absl::StrFormat("%s has an unknown key \"%s\"", where, std::string(key.str())));
    }
  }
}

double Number(const toml::table& table, const std::string& key, Problems* problems) {
  const auto value = table[key].value<double>();
  if (!value) problems->Add(table, absl::StrFormat("a number \"%s\" is missing", key));
  return value.value_or(1);
}

std::map<std::string, std::string> Texts(const toml::table& table, Problems* problems) {
  std::map<std::string, std::string> texts;
  for (const auto& [key, node] : table) {
    const auto value = node.value<std::string>();
    if (!value) problems->Add(node, "want a text in quotes");
    texts[std::string(key.str())] = value.value_or("");
  }
  return texts;
}

char OneOf(const toml::table& table, const std::string& key, const std::string& allowed,
           Problems* problems) {
  const std::string value = table[key].value_or(std::string(1, allowed[0]));
  if (value.size() == 1 && allowed.find(value) != std::string::npos) return value[0];
  problems->Add(*table.get(key), absl::StrFormat("%s is not one this program reads", key));
  return allowed[0];
}

TableConfig ReadTableConfig(const toml::table& table, const std::filesystem::path& folder,
                            Problems* problems) {
  CheckKeys(
      table,
      {"file", "delimiter", "decimal", "encoding", "header", "missing", "columns", "categories"},
      "a table", problems);
  TableConfig config;
  const std::string file = table["file"].value_or(std::string());
  if (file.empty()) problems->Add(table, "the table has no file");
  config.file = (folder / file).string();
  config.delimiter = OneOf(table, "delimiter", ",;\t", problems);
  config.decimal = OneOf(table, "decimal", ".,", problems);
  config.encoding = table["encoding"].value_or(std::string("utf-8"));
  if (config.encoding != "utf-8" && config.encoding != "latin-1") {
    problems->Add(table, "encoding is neither utf-8 nor latin-1");
  }
  config.has_header = table["header"].value_or(true);
  if (const toml::array* const missing = table["missing"].as_array()) {
    config.missing.clear();
    for (const toml::node& mark : *missing) {
      config.missing.push_back(mark.value_or(std::string()));
    }
  }
  if (const toml::table* const columns = table["columns"].as_table()) {
    config.columns = Texts(*columns, problems);
  }
  if (const toml::table* const categories = table["categories"].as_table()) {
    for (const auto& [column, map] : *categories) {
      if (const toml::table* const values = map.as_table()) {
        config.categories[std::string(column.str())] = Texts(*values, problems);
      } else {
        problems->Add(map, "want a section of file value = \"category\"");
      }
    }
  }
  return config;
}

privacy::BudgetPolicy ReadPolicy(const toml::table& table, Problems* problems) {
  CheckKeys(table,
            {"delta", "yearly_epsilon_node", "yearly_epsilon_public", "study_epsilon_node",
             "study_epsilon_public", "orders"},
            "[policy]", problems);
  privacy::BudgetPolicy policy;
  policy.delta = Number(table, "delta", problems);
  policy.yearly_epsilon_node = Number(table, "yearly_epsilon_node", problems);
  policy.yearly_epsilon_public = Number(table, "yearly_epsilon_public", problems);
  policy.study_epsilon_node = Number(table, "study_epsilon_node", problems);
  policy.study_epsilon_public = Number(table, "study_epsilon_public", problems);
  if (const toml::array* const orders = table["orders"].as_array()) {
    for (const toml::node& order : *orders) policy.orders.push_back(order.value_or(0));
  }
  const absl::Status valid = privacy::ValidatePolicy(policy);
  if (!valid.ok()) problems->Add(table, std::string(valid.message()));
  return policy;
}

std::vector<std::string> ReadWitnessLogs(const toml::table& table, Problems* problems) {
  CheckKeys(table, {"logs"}, "[witness]", problems);
  std::vector<std::string> vkeys;
  if (const toml::array* const logs = table["logs"].as_array()) {
    for (const toml::node& log : *logs) {
      vkeys.push_back(log.value_or(std::string()));
      if (vkeys.back().empty()) problems->Add(log, "want a log's vkey in quotes");
    }
  } else {
    problems->Add(table, "[witness] needs logs = [\"VKEY\", …]");
  }
  return vkeys;
}

}  // namespace

absl::StatusOr<NodeConfig> LoadNodeConfig(const std::filesystem::path& path) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxBytes));
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return WithCode(InvalidArgument("%s line %d is not TOML: %s", path.string(),
                                    parsed.error().source().begin.line,
                                    std::string(parsed.error().description())),
                    "NODE_CONFIG");
  }
  const toml::table& root = parsed.table();
  Problems problems;
  NodeConfig config;
  CheckKeys(root, {"slots", "policy", "tables", "witness"}, "the file", &problems);
  const int64_t slots = root["slots"].value_or(int64_t{0});
  if (slots < 1 || slots > 10000000) {
    problems.Add(root, "slots, the number of places for members, must be 1 to 10000000");
  }
  config.slots = static_cast<uint64_t>(slots);
  if (const toml::table* const policy = root["policy"].as_table()) {
    config.policy = ReadPolicy(*policy, &problems);
  } else {
    problems.Add(root, "there is no [policy]: the organisation's own privacy limits");
  }
  if (const toml::table* const witness = root["witness"].as_table()) {
    config.witness_logs = ReadWitnessLogs(*witness, &problems);
  }
  if (const toml::table* const tables = root["tables"].as_table()) {
    for (const auto& [name, node] : *tables) {
      if (const toml::table* const table = node.as_table()) {
        config.tables[std::string(name.str())] =
            ReadTableConfig(*table, path.parent_path(), &problems);
      } else {
        problems.Add(node, "want a section [tables.NAME]");
      }
    }
  }
  if (problems.count > 0) {
    return WithCode(
        InvalidArgument("%s has %d problems:%s", path.string(), problems.count, problems.text),
        "NODE_CONFIG");
  }
  return config;
}

std::string ExampleNodeToml(const std::string& organisation) {
  return "# Configuration of the node of " + organisation + R"(.

# Places for members, those of the future included. Fixed once the ledger has been used.
slots = 4096

# How much your members may lose in privacy. The node refuses what would pass a limit.
[policy]
delta = 1e-6                 # chance that the limits fail
yearly_epsilon_node = 20     # in a calendar year, if everyone else colluded
yearly_epsilon_public = 10   # in a calendar year, from what is published
study_epsilon_node = 8       # in one study, if everyone else colluded
study_epsilon_public = 8     # in one study, from what is published
orders = [3, 4, 6, 8, 12, 20, 32, 64]  # at most 8 Renyi orders; do not change within a year

# Other federations' logs that `mutual-node witness --listen HOST:PORT` cosigns besides this federation's.
# [witness]
# logs = ["fed.example/audit+a1a51a8f+ASZj39YJh1mKgn48tWr9HUcwcEFzACQmRPe1bE9cxCjL"]

# One section for each table that studies may ask for, by the name that study files use.
# [tables.trips]
# file = "trips.csv"         # from this file's folder
# delimiter = ","            # or ";" or a tab
# decimal = "."              # or ","
# encoding = "utf-8"         # or "latin-1"
# header = true              # false: columns are called "1", "2", ...
# missing = ["", "NA", "?"]  # what stands for "not known"
# [tables.trips.columns]     # study's name = "your header", where they differ
# member_ref = "Driver number"
# [tables.trips.categories.period]
# "2023" = "before"          # "your value" = "study's category", where they differ
)";
}

}  // namespace mutual::client
