// node.toml: an organisation's tables and its own privacy limits.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/data/data_source.h"
#include "privacy/budget.h"

namespace mutual::client {

struct NodeConfig {
  std::map<std::string, TableConfig> tables;
  privacy::BudgetPolicy policy;
  std::vector<std::string>
      witness_logs;    // vkeys of logs that the HTTP witness cosigns besides the own
  uint64_t slots = 0;  // places for members; fixed for the life of the ledger
};

// INVALID_ARGUMENT with code NODE_CONFIG and every problem with its line. Relative table paths are taken from
// the folder of `path`.
absl::StatusOr<NodeConfig> LoadNodeConfig(const std::filesystem::path& path);

// A commented node.toml to begin with.
std::string ExampleNodeToml(const std::string& organisation);

}  // namespace mutual::client
