// What each subcommand of `mutual-node` does. Each prints to stdout; a failure is returned, not printed.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "client/node/node_program.h"

namespace mutual::client {

struct CommandOptions {
  std::filesystem::path folder;
  bool json = false;
  bool with_passphrase = false;  // join
  std::string device = "auto";  // serve: where models are trained
};

// data_commands.cc
absl::Status CheckData(const CommandOptions& options, const std::string& study_file);
absl::Status ShowBudget(const CommandOptions& options);
absl::Status ShowSent(const CommandOptions& options);
// Charges what the log knows and a restored ledger forgot.
absl::Status CatchUpLedger(const CommandOptions& options);
// Copies the proofs that what was sent is in the log.
absl::Status CopyReceipts(const CommandOptions& options, const std::filesystem::path& target);

// member_commands.cc
// Lists who waits when `name` is empty.
absl::Status EndorseNewcomer(const CommandOptions& options, const std::string& name);
// Sets or changes the passphrase of the keys, or takes it away.
absl::Status ChangePassphrase(const CommandOptions& options, bool remove);
absl::Status ShowKey(const CommandOptions& options);

// witness_command.cc
// Serves the node's witness over HTTP at `address` until stopped.
absl::Status ServeWitnessOverHttp(const CommandOptions& options, const std::string& address);

// study_commands.cc
absl::Status JoinFederation(const CommandOptions& options, const std::string& code,
                            const std::string& organisation, const std::string& address);
absl::Status ListStudies(const CommandOptions& options);
absl::Status AnswerStudy(const CommandOptions& options, const std::string& study, bool accept);

// serve_command.cc
enum class ServeRole { kNode, kScrutineer };
// Takes part in accepted studies and in elections as scrutineer; kScrutineer: in the latter only.
absl::Status ServeNode(const CommandOptions& options, const NoiseFactory& make_noise,
                       ServeRole role);

}  // namespace mutual::client
