// What each subcommand of `mutual` does. Each prints to stdout; a failure is returned, not printed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/channel/channel.h"
#include "study/study_file.h"

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
// The same, and what `propose` would find, by the policy of the federation that the folder joined.
absl::Status LintForFederation(const CommandOptions& options, const std::string& path);
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

// The outcome of the finished study whose digest begins with `prefix`. FAILED_PRECONDITION
// STUDY_NOT_FINISHED.
absl::StatusOr<client::Outcome> OutcomeOf(client::Channel& channel, const std::string& prefix);
struct FetchedModel {
  std::string bytes;              // canonical, see study/model.h
  std::vector<float> parameters;
  std::vector<std::string> inputs;  // how each is computed
  std::string safetensors;
};
// The published model of a training study, verified by its digest.
absl::StatusOr<FetchedModel> FetchModel(client::Channel& channel, const client::Outcome& outcome,
                                        const study::Study& study);

// bundle_command.cc: writes the release bundle (docs/BUNDLE_FORMAT.md) into `output`.
absl::Status WriteBundle(const CommandOptions& options, const std::string& study,
                         const std::string& output);

// epsilon_command.cc
struct EpsilonQuestion {
  std::vector<std::string> phases;  // "Z,Q,T"
  double delta = 0;
  int honest = 0;                   // 0: not asked
};
absl::Status PrintEpsilon(const CommandOptions& options, const EpsilonQuestion& question);

// simulate_command.cc: becomes the program mutual-simulate, whose arguments follow `arguments`[0]. Returns only
// when it cannot: NOT_FOUND SIMULATE_MISSING.
absl::Status Simulate(char** arguments);

// plan_command.cc
struct PlanQuestion {
  std::string file;          // the study
  int nodes = 0;             // organisations; 0 when `members` is a list
  std::string members;       // see federation_size.h
  std::string members_file;  // or one number a line
  double response = 1;       // share of members with rows that may count
  double drop_out = 0;       // share of organisations that do not answer
  std::string sample;        // CSV of members like those to be asked; empty: assumed
  double yearly_node = 20, yearly_released = 10;  // budgets of a year
  std::string sweep;                              // "", noise or nodes
  std::string svg;                                // where to draw the sweep
  std::optional<uint64_t> rounds_run;             // training: where the study ended
};
absl::Status PrintPlan(const CommandOptions& options, const PlanQuestion& question);

// training_plan_command.cc: of a training study.
struct TrainingScenario;
absl::Status PrintTrainingPlan(const CommandOptions& options, const PlanQuestion& question,
                               const study::Study& study, const TrainingScenario& scenario);
// INVALID_ARGUMENT PLAN_ROUNDS when the study cannot have run so many rounds.
absl::Status CheckRoundsRun(const PlanQuestion& question, const study::Study& study);

}  // namespace mutual::research
