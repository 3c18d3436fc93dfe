#include <cstdio>

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
#include "client/data/node_config.h"
#include "client/ledger/ledger.h"
#include "client/node/channel_log.h"
#include "client/node/commands.h"
#include "client/node/home.h"
#include "client/node/print.h"
#include "client/node/round_guard.h"
#include "client/node/software.h"
#include "client/node/statements.h"
#include "client/node/trust.h"
#include "privacy/study_phase.h"

namespace mutual::client {
namespace {

std::string LedgerPath(const CommandOptions& options) {
  return (options.folder / "ledger.sqlite").string();
}

absl::StatusOr<StudySummary> FindStudy(Channel& channel, const std::string& prefix) {
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<StudySummary> studies, channel.ListStudies());
  std::vector<const StudySummary*> matches;
  for (const StudySummary& study : studies) {
    if (study.digest.ToHex().rfind(prefix, 0) == 0) matches.push_back(&study);
  }
  if (prefix.size() < 4 || matches.size() != 1) {
    return NotFound("%d studies have a digest beginning with \"%s\", want exactly one and at least "
                    "4 digits; list them with: mutual-node studies",
                    matches.size(), prefix);
  }
  return *matches[0];
}

absl::StatusOr<privacy::StudyEpsilons> CostOf(const study::Study& study) {
  return privacy::EpsilonsOf(study.cost(), study.cohort.min_nodes - study.cohort.assumed_colluders,
                             study.privacy.delta);
}

absl::Status PrintAnswer(const CommandOptions& options, const study::Study& study, bool accept) {
  const std::string sentence = absl::StrFormat("%s \"%s\" (%s).", accept ? "Accepted" : "Refused", study.title,
                                               study.digest.Short());
  nlohmann::ordered_json json = {{"study", study.digest.ToHex()}, {"answer", accept ? "accepted" : "refused"}};
  if (!accept) {
    Print(options.json, json, sentence);
    return absl::OkStatus();
  }
  MUTUAL_ASSIGN_OR_RETURN(const privacy::StudyEpsilons cost, CostOf(study));
  json["epsilon_node"] = cost.node;
  json["epsilon_public"] = cost.released;
  std::string reason;
  if (study.cost().local_steps > 0) {
    json["local_steps"] = study.cost().local_steps;
    json["assumptions"] = {study::kLocalStepsAssumption};
    reason = std::string("\n  ") + study::kLocalStepsAssumption;
  }
  Print(options.json, json,
        absl::StrFormat("%s\n  what one member could lose if everyone else colludes: %.3f (epsilon_node)\n"
                        "  what the published result could reveal of a member:    %.3f (epsilon_public)%s",
                        sentence, cost.node, cost.released, reason));
  return absl::OkStatus();
}

// What cannot be told now is told when the node serves.
absl::Status TellSoftware(const CommandOptions& options) {
  const SystemClock clock;
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Home> home, Home::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Channel> channel, home->Connect());
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Trust> trust,
                          Trust::Open(options.folder, home->origin(), home->log_key()));
  MUTUAL_ASSIGN_OR_RETURN(const TrustReply shown, channel->GetTrust());
  MUTUAL_RETURN_IF_ERROR(SeeShown(*channel, *trust, shown.checkpoint));
  const absl::Status told = DeclareSoftware({home.get(), trust.get(), channel.get(), &clock});
  return absl::IsUnavailable(told) ? absl::OkStatus() : told;
}

}  // namespace

absl::Status JoinFederation(const CommandOptions& options, const std::string& code,
                            const std::string& organisation, const std::string& address) {
  crypto::SystemRandom random;
  MUTUAL_RETURN_IF_ERROR(
      Home::Join({options.folder, code, organisation, "node", address, options.with_passphrase}, random));
  const std::filesystem::path config = options.folder / "node.toml";
  if (!std::filesystem::exists(config)) {
    MUTUAL_RETURN_IF_ERROR(
        WriteFileDurably(config, ExampleNodeToml(organisation), FileMode::kPublic));
  }
  MUTUAL_RETURN_IF_ERROR(Ledger::Open(LedgerPath(options)).status());
  MUTUAL_RETURN_IF_ERROR(TellSoftware(options));
  Print(options.json, {{"organisation", organisation}, {"folder", options.folder.string()}},
        organisation + " has joined. Next: describe your table in " + config.string() +
            ", then check-data, accept, serve.");
  return absl::OkStatus();
}

absl::Status ListStudies(const CommandOptions& options) {
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Home> home, Home::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Channel> channel, home->Connect());
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> ledger, Ledger::Open(LedgerPath(options)));
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<StudySummary> studies, channel->ListStudies());
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  if (studies.empty() && !options.json) std::printf("No study has been proposed yet.\n");
  for (const StudySummary& study : studies) {
    MUTUAL_ASSIGN_OR_RETURN(const auto answer, ledger->FindAnswer(study.digest));
    const char* mine = !answer ? "not answered" : answer->accepted ? "accepted" : "refused";
    json.push_back({{"digest", study.digest.ToHex()}, {"title", study.title},
                    {"state", StateName(study.state)}, {"round", study.round},
                    {"rounds", study.rounds}, {"answer", mine}});
    if (!options.json) {
      std::printf("%s  %-9s round %d of %d  %-12s  %s\n", study.digest.Short().c_str(),
                  StateName(study.state).c_str(), static_cast<int>(study.round),
                  static_cast<int>(study.rounds), mine, study.title.c_str());
    }
  }
  if (options.json) std::printf("%s\n", json.dump(2).c_str());
  return absl::OkStatus();
}

absl::Status AnswerStudy(const CommandOptions& options, const std::string& prefix, bool accept) {
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Home> home, Home::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const NodeConfig config, LoadNodeConfig(options.folder / "node.toml"));
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Channel> channel, home->Connect());
  MUTUAL_ASSIGN_OR_RETURN(const StudySummary found, FindStudy(*channel, prefix));
  MUTUAL_ASSIGN_OR_RETURN(const study::Study study, study::ParseStudy(found.text, SolveNoise));
  if (study.digest != found.digest) {
    return WithCode(DataLoss("the coordinator sent a file that does not match digest %s; do not "
                             "accept it, and tell the other organisations",
                             found.digest.Short()),
                    "STUDY_DIGEST");
  }
  const SystemClock clock;
  if (accept) {
    if (study.expired(clock.Now())) {
      return WithCode(FailedPrecondition("the study expired on %s",
                                         absl::FormatCivilTime(study.expires)),
                      "STUDY_EXPIRED");
    }
    MUTUAL_RETURN_IF_ERROR(CheckStudyEpsilon(config.policy, study));
  }
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Trust> trust,
                          Trust::Open(options.folder, home->origin(), home->log_key()));
  MUTUAL_ASSIGN_OR_RETURN(const TrustReply shown, channel->GetTrust());
  MUTUAL_RETURN_IF_ERROR(Follow(*trust, shown));
  MUTUAL_ASSIGN_OR_RETURN(const AnswerRecord record,
                          MakeAnswer(*home, *trust, study, {accept, clock.Now()}));
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> ledger, Ledger::Open(LedgerPath(options)));
  MUTUAL_RETURN_IF_ERROR(ledger->RecordAnswer(record));
  MUTUAL_RETURN_IF_ERROR(channel->AnswerStudy(record.entry).status());
  return PrintAnswer(options, study, accept);
}

}  // namespace mutual::client
