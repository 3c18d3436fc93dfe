// coordinator.toml: what its operator decides.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "transparency/policy.h"

namespace mutual::coordinator {

// [log] of coordinator.toml: who serves the log over HTTP, and which witnesses outside the federation are
// asked to cosign it from the founding on.
struct LogConfig {
  std::string listen;                                  // HOST:PORT; empty: nobody serves it here
  std::vector<transparency::PolicyWitness> witnesses;  // each with its URL
  size_t needed = 0;                                   // how many of them belong to a quorum
};

struct CoordinatorConfig {
  std::string federation, listen, address;
  std::vector<std::string> operator_nodes;
  LogConfig log;
};

// INVALID_ARGUMENT COORDINATOR_CONFIG naming the line: no TOML, an unknown or missing key, a malformed
// witness.
absl::StatusOr<CoordinatorConfig> ParseCoordinatorConfig(const std::string& text);

// A commented coordinator.toml to begin with.
std::string ExampleCoordinatorToml(const CoordinatorConfig& config);

}  // namespace mutual::coordinator
