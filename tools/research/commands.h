// What each subcommand of `mutual` does. Each prints to stdout; a failure is returned, not printed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/channel/channel.h"

namespace mutual::research {

struct CommandOptions {
  std::filesystem::path folder;
  bool json = false;
  bool with_passphrase = false;  // join
};

// study_commands.cc
absl::Status Join(const CommandOptions& options, const std::string& code,
                  const std::string& organisation, const std::string& address);
absl::Status ChangePassphrase(const CommandOptions& options, bool remove);
absl::Status LintFile(const CommandOptions& options, const std::string& path);
absl::Status Propose(const CommandOptions& options, const std::string& path);
absl::Status List(const CommandOptions& options);
absl::Status Watch(const CommandOptions& options, const std::string& study);
// The one study whose digest begins with `prefix` (at least 4 digits). NOT_FOUND otherwise.
absl::StatusOr<client::StudySummary> FindStudy(client::Channel& channel, const std::string& prefix);

// result_commands.cc
absl::Status Results(const CommandOptions& options, const std::string& study,
                     const std::string& format);
absl::Status Fetch(const CommandOptions& options, const std::string& study,
                   const std::string& output);
// The lines of a study file that name a TorchScript model.
absl::Status DescribeScript(const std::string& path);

// epsilon_command.cc
struct EpsilonQuestion {
  std::vector<std::string> phases;  // "Z,Q,T"
  double delta = 0;
  int honest = 0;                   // 0: not asked
};
absl::Status PrintEpsilon(const CommandOptions& options, const EpsilonQuestion& question);

}  // namespace mutual::research
