#include <unistd.h>

#include <cstdio>

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "client/node/home.h"
#include "client/node/print.h"
#include "client/node/round_guard.h"
#include "client/node/statements.h"
#include "client/node/trust.h"
#include "crypto/passphrase.h"
#include "study/study_file.h"
#include "tools/research/commands.h"

namespace mutual::research {
namespace {

constexpr uint64_t kStudyBytes = 1 << 20;

void PrintProblem(const std::string& path, const study::Problem& problem, const char* kind) {
  std::printf("%s:%d: %s: %s [%s]\n", path.c_str(), problem.line, kind, problem.message.c_str(),
              problem.code.c_str());
}

void DrawProgress(const client::StudySummary& study) {
  constexpr int kWidth = 30;
  const double share =
      study.rounds == 0 ? 0 : static_cast<double>(study.round) / static_cast<double>(study.rounds);
  const int filled = static_cast<int>(share * kWidth);
  std::printf("\r%-9s [%s%s] round %llu of %llu, %u accepted, %u refused ",
              client::StateName(study.state).c_str(),
              std::string(static_cast<size_t>(filled), '#').c_str(),
              std::string(static_cast<size_t>(kWidth - filled), '.').c_str(),
              static_cast<unsigned long long>(study.round),
              static_cast<unsigned long long>(study.rounds), study.accepted, study.refused);
  std::fflush(stdout);
}

nlohmann::ordered_json ToJson(const client::StudySummary& study) {
  return {{"digest", study.digest.ToHex()}, {"title", study.title},
          {"state", client::StateName(study.state)}, {"round", study.round},
          {"rounds", study.rounds}, {"accepted", study.accepted}, {"refused", study.refused},
          {"reason", study.reason}};
}

// Signed by the researcher after a look at the log.
absl::StatusOr<std::string> SignedProposal(const client::Home& home, client::Channel& channel,
                                           const study::Study& study) {
  MUTUAL_ASSIGN_OR_RETURN(const client::TrustReply shown, channel.ResearchTrust());
  MUTUAL_ASSIGN_OR_RETURN(const auto trust,
                          client::Trust::Open(home.folder(), home.origin(), home.log_key()));
  MUTUAL_RETURN_IF_ERROR(client::Follow(*trust, shown));
  return client::ProposeEntry(home, *trust, study, absl::Now());
}

}  // namespace

absl::Status Join(const CommandOptions& options, const std::string& code,
                  const std::string& organisation, const std::string& address) {
  crypto::SystemRandom random;
  MUTUAL_RETURN_IF_ERROR(
      client::Home::Join({options.folder, code, organisation, "researcher", address,
                          options.with_passphrase},
                         random));
  client::Print(options.json, {{"organisation", organisation}, {"folder", options.folder.string()}},
                organisation + " has joined as a researcher. Next: mutual lint, then propose.");
  return absl::OkStatus();
}

absl::Status ChangePassphrase(const CommandOptions& options, bool remove) {
  MUTUAL_RETURN_IF_ERROR(crypto::ChangePassphrase(
      options.folder / "keys",
      remove ? crypto::PassphraseChange::kRemove : crypto::PassphraseChange::kSet));
  client::Print(options.json, {{"passphrase", !remove}},
                remove ? "Your keys are kept without a passphrase." : "Your keys are sealed under the passphrase.");
  return absl::OkStatus();
}

absl::Status LintFile(const CommandOptions& options, const std::string& path) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kStudyBytes));
  const study::LintResult result = study::Lint(text, absl::Now(), client::SolveNoise);
  if (options.json) {
    nlohmann::ordered_json json = {{"problems", nlohmann::ordered_json::array()},
                                   {"warnings", nlohmann::ordered_json::array()}};
    const auto add = [&](const char* key, const std::vector<study::Problem>& list) {
      for (const study::Problem& problem : list) {
        json[key].push_back(
            {{"line", problem.line}, {"code", problem.code}, {"message", problem.message}});
      }
    };
    add("problems", result.problems);
    add("warnings", result.warnings);
    if (result.study) json["digest"] = result.study->digest.ToHex();
    std::printf("%s\n", json.dump(2).c_str());
  } else {
    for (const study::Problem& problem : result.problems) PrintProblem(path, problem, "problem");
    for (const study::Problem& warning : result.warnings) PrintProblem(path, warning, "warning");
    if (result.study) {
      std::printf("%s is a valid study, digest %s\n", path.c_str(),
                  result.study->digest.ToHex().c_str());
    }
  }
  if (result.study) return absl::OkStatus();
  return WithCode(InvalidArgument("%d problems found in %s; mend them and lint again",
                                  result.problems.size(), path),
                  "STUDY_INVALID");
}

absl::Status Propose(const CommandOptions& options, const std::string& path) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kStudyBytes));
  const study::LintResult result = study::Lint(text, absl::Now(), client::SolveNoise);
  if (!result.study) return LintFile(options, path);
  MUTUAL_ASSIGN_OR_RETURN(const auto home, client::Home::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const auto channel, home->Connect());
  MUTUAL_ASSIGN_OR_RETURN(const std::string entry, SignedProposal(*home, *channel, *result.study));
  MUTUAL_ASSIGN_OR_RETURN(const Digest digest, channel->Propose(text, entry));
  if (digest != result.study->digest) {
    return DataLoss("the coordinator registered another digest than this file's; do not go on");
  }
  if (options.json) {
    std::printf("{\"digest\": \"%s\"}\n", digest.ToHex().c_str());
  } else {
    std::printf("Proposed \"%s\", digest %s.\nOrganisations answer with: mutual-node accept %s\n",
                result.study->title.c_str(), digest.ToHex().c_str(), digest.Short().c_str());
  }
  return absl::OkStatus();
}

absl::StatusOr<client::StudySummary> FindStudy(client::Channel& channel,
                                               const std::string& prefix) {
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<client::StudySummary> studies,
                          channel.ResearchStudies());
  std::vector<client::StudySummary> matches;
  for (const client::StudySummary& study : studies) {
    if (study.digest.ToHex().rfind(prefix, 0) == 0) matches.push_back(study);
  }
  if (prefix.size() < 4 || matches.size() != 1) {
    return NotFound("%d studies have a digest beginning with \"%s\", want exactly one and at least "
                    "4 digits; list them with: mutual studies",
                    matches.size(), prefix);
  }
  return matches[0];
}

absl::Status List(const CommandOptions& options) {
  MUTUAL_ASSIGN_OR_RETURN(const auto home, client::Home::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const auto channel, home->Connect());
  MUTUAL_ASSIGN_OR_RETURN(const auto studies, channel->ResearchStudies());
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const client::StudySummary& study : studies) {
    json.push_back(ToJson(study));
    if (!options.json) {
      std::printf("%s  %-9s round %llu of %llu  %s\n", study.digest.Short().c_str(),
                  client::StateName(study.state).c_str(),
                  static_cast<unsigned long long>(study.round),
                  static_cast<unsigned long long>(study.rounds), study.title.c_str());
    }
  }
  if (options.json) std::printf("%s\n", json.dump(2).c_str());
  if (studies.empty() && !options.json) std::printf("No study has been proposed yet.\n");
  return absl::OkStatus();
}

absl::Status Watch(const CommandOptions& options, const std::string& prefix) {
  MUTUAL_ASSIGN_OR_RETURN(const auto home, client::Home::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const auto channel, home->Connect());
  MUTUAL_ASSIGN_OR_RETURN(client::StudySummary last, FindStudy(*channel, prefix));
  const bool terminal = ::isatty(STDOUT_FILENO) != 0 && !options.json;
  const auto ended = [](const client::StudySummary& study) {
    return study.state == client::StudyState::kFinished ||
           study.state == client::StudyState::kAbandoned;
  };
  if (options.json && ended(last)) std::printf("%s\n", ToJson(last).dump().c_str());
  while (!ended(last)) {
    const absl::Status status =
        channel->WatchStudy(last.digest, [&](const client::StudySummary& study) {
          last = study;
          if (terminal) DrawProgress(study);
          if (options.json) std::printf("%s\n", ToJson(study).dump().c_str());
          return !ended(study);
        });
    if (!status.ok() && !absl::IsUnavailable(status)) return status;
    if (!status.ok()) absl::SleepFor(absl::Milliseconds(500));
  }
  if (terminal) std::printf("\n");
  if (last.state == client::StudyState::kAbandoned) {
    return WithCode(FailedPrecondition("the study was abandoned after %d of %d rounds: %s",
                                       last.round, last.rounds, last.reason),
                    "STUDY_ABANDONED");
  }
  if (!options.json) {
    std::printf("Finished. Read it with: mutual results %s\n", last.digest.Short().c_str());
  }
  return absl::OkStatus();
}

}  // namespace mutual::research
