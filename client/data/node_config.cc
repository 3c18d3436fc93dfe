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

std::string KindOf(const toml::node& node) {
  if (node.is_string()) return "a text";
  if (node.is_boolean()) return "true or false";
  if (node.is_integer()) return "a whole number";
  if (node.is_floating_point()) return "a number";
  if (node.is_array()) return "a list";
  return node.is_table() ? "a section" : "a date or time";
}

void AddKind(const toml::node& found, const std::string& what, const std::string& wanted,
             Problems* problems) {
  problems->Add(found, absl::StrFormat("%s is %s, want %s", what, KindOf(found), wanted));
}

// The list or section `key`; null when it is not there, or is something else, which is a problem.
const toml::array* List(const toml::table& table, const std::string& key, Problems* problems) {
  const toml::node* const node = table.get(key);
  if (node != nullptr && !node->is_array()) AddKind(*node, key, "a list in brackets", problems);
  return node == nullptr ? nullptr : node->as_array();
}

const toml::table* Section(const toml::table& table, const std::string& key, Problems* problems) {
  const toml::node* const node = table.get(key);
  if (node != nullptr && !node->is_table()) AddKind(*node, key, "a section", problems);
  return node == nullptr ? nullptr : node->as_table();
}

// Limits have no default: one that is not there is a problem too. 1 stands for what is not read.
double Number(const toml::table& table, const std::string& key, Problems* problems) {
  const toml::node* const node = table.get(key);
  if (node == nullptr) {
    problems->Add(table, absl::StrFormat("a number \"%s\" is missing", key));
  } else if (!node->is_number()) {
    AddKind(*node, key, "a number", problems);
  } else {
    return node->value_or(1.0);
  }
  return 1;
}

std::string TextIn(const toml::node& node, const std::string& what, Problems* problems) {
  if (!node.is_string()) AddKind(node, what, "a text in quotes", problems);
  return node.is_string() ? node.value_or(std::string()) : std::string();
}

std::string TextOr(const toml::table& table, const std::string& key, const std::string& fallback,
                   Problems* problems) {
  const toml::node* const node = table.get(key);
  return node == nullptr ? fallback : TextIn(*node, key, problems);
}

bool FlagOr(const toml::table& table, const std::string& key, bool fallback, Problems* problems) {
  const toml::node* const node = table.get(key);
  if (node != nullptr && !node->is_boolean()) AddKind(*node, key, "true or false", problems);
  return node == nullptr || !node->is_boolean() ? fallback : node->value_or(fallback);
}

std::map<std::string, std::string> Texts(const toml::table& table, Problems* problems) {
  std::map<std::string, std::string> texts;
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    texts[name] = TextIn(node, "\"" + name + "\"", problems);
  }
  return texts;
}

char OneOf(const toml::table& table, const std::string& key, const std::string& allowed,
           Problems* problems) {
  const toml::node* const node = table.get(key);
  if (node == nullptr) return allowed[0];
  const std::string value = TextIn(*node, key, problems);
  if (value.size() == 1 && allowed.find(value) != std::string::npos) return value[0];
  if (node->is_string()) {
    problems->Add(*node, absl::StrFormat("%s is not one this program reads", key));
  }
  return allowed[0];
}

std::string Encoding(const toml::table& table, Problems* problems) {
  const toml::node* const node = table.get("encoding");
  if (node == nullptr) return "utf-8";
  const std::string encoding = TextIn(*node, "encoding", problems);
  if (node->is_string() && encoding != "utf-8" && encoding != "latin-1") {
    problems->Add(*node, "encoding is neither utf-8 nor latin-1");
  }
  return encoding;
}

TableConfig ReadTableConfig(const toml::table& table, const std::filesystem::path& folder,
                            Problems* problems) {
  CheckKeys(
      table,
      {"file", "delimiter", "decimal", "encoding", "header", "missing", "columns", "categories"},
      "a table", problems);
  TableConfig config;
  const std::string file = TextOr(table, "file", "", problems);
  if (table.get("file") == nullptr || (file.empty() && table.get("file")->is_string())) {
    problems->Add(table, "the table has no file");
  }
  config.file = (folder / file).string();
  config.delimiter = OneOf(table, "delimiter", ",;\t", problems);
  config.decimal = OneOf(table, "decimal", ".,", problems);
  config.encoding = Encoding(table, problems);
  config.has_header = FlagOr(table, "header", true, problems);
  if (const toml::array* const missing = List(table, "missing", problems)) {
    config.missing.clear();
    for (const toml::node& mark : *missing) {
      config.missing.push_back(TextIn(mark, "a mark in missing", problems));
    }
  }
  if (const toml::table* const columns = Section(table, "columns", problems)) {
    config.columns = Texts(*columns, problems);
  }
  if (const toml::table* const categories = Section(table, "categories", problems)) {
    for (const auto& [column, map] : *categories) {
      const std::string name(column.str());
      const toml::table* const values = Section(*categories, name, problems);
      if (values != nullptr) config.categories[name] = Texts(*values, problems);
    }
  }
  return config;
}

privacy::BudgetPolicy ReadPolicy(const toml::table& table, Problems* problems) {
  const int before = problems->count;
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
  if (const toml::array* const orders = List(table, "orders", problems)) {
    for (const toml::node& order : *orders) {
      if (!order.is_integer()) AddKind(order, "an order in orders", "a whole number", problems);
      policy.orders.push_back(order.is_integer() ? order.value_or(0) : 0);
    }
  }
  if (problems->count > before) return policy;  // what was not read can only be wrong
  const absl::Status valid = privacy::ValidatePolicy(policy);
  if (!valid.ok()) problems->Add(table, std::string(valid.message()));
  return policy;
}

std::vector<std::string> ReadWitnessLogs(const toml::table& table, Problems* problems) {
  CheckKeys(table, {"logs"}, "[witness]", problems);
  std::vector<std::string> vkeys;
  if (table.get("logs") == nullptr) problems->Add(table, "[witness] needs logs = [\"VKEY\", …]");
  if (const toml::array* const logs = List(table, "logs", problems)) {
    for (const toml::node& log : *logs) {
      vkeys.push_back(TextIn(log, "a log in logs", problems));
      if (vkeys.back().empty() && log.is_string())
        problems->Add(log, "want a log's vkey in quotes");
    }
  }
  return vkeys;
}

uint64_t ReadSlots(const toml::table& root, Problems* problems) {
  const toml::node* const node = root.get("slots");
  if (node != nullptr && !node->is_integer()) {
    AddKind(*node, "slots", "a whole number", problems);
    return 0;
  }
  const int64_t slots = node == nullptr ? 0 : node->value_or(int64_t{0});
  if (slots < 1 || slots > 10000000) {
    problems->Add(node == nullptr ? root : *node,
                  "slots, the number of places for members, must be 1 to 10000000");
  }
  return static_cast<uint64_t>(slots);
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
  config.slots = ReadSlots(root, &problems);
  if (root.get("policy") == nullptr) {
    problems.Add(root, "there is no [policy]: the organisation's own privacy limits");
  }
  if (const toml::table* const policy = Section(root, "policy", &problems)) {
    config.policy = ReadPolicy(*policy, &problems);
  }
  if (const toml::table* const witness = Section(root, "witness", &problems)) {
    config.witness_logs = ReadWitnessLogs(*witness, &problems);
  }
  if (const toml::table* const tables = Section(root, "tables", &problems)) {
    for (const auto& [key, node] : *tables) {
      const std::string name(key.str());
      const toml::table* const table = Section(*tables, name, &problems);
      if (table == nullptr) continue;
      config.tables[name] = ReadTableConfig(*table, path.parent_path(), &problems);
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
# missing = ["", "NA", "?"]  # what stands for "not known", but where a study lists it as a category
# [tables.trips.columns]     # study's name = "your header", where they differ
# member_ref = "Driver number"
# [tables.trips.categories.period]
# "2023" = "before"          # "your value" = "study's category", where they differ
)";
}

}  // namespace mutual::client
