// Commands about studies: replay, privacy, who.
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "privacy/study_phase.h"
#include "tools/audit/commands.h"
#include "tools/audit/readership.h"
#include "tools/audit/study_replay.h"

namespace mutual::audit {
namespace {

using Json = nlohmann::ordered_json;

// The one study whose digest begins so.
absl::StatusOr<StudyHistory*> PickStudy(History& history, const std::string& prefix) {
  StudyHistory* found = nullptr;
  for (auto& [digest, study] : history.studies) {
    if (digest.ToHex().rfind(prefix, 0) != 0) continue;
    if (found != nullptr)
      return InvalidArgument("several studies begin with %s; add digits", prefix);
    found = &study;
  }
  if (found == nullptr) return InvalidArgument("no study in the log begins with %s", prefix);
  return found;
}

// What one organisation's members have spent in one study, or all of a study's.
struct Spent {
  std::string study, title, node;
  uint64_t rounds = 0, local_steps = 0;
  double delta = 0, epsilon_node = 0, epsilon_public = 0, claimed_node = 0, claimed_public = 0;
};

uint64_t ReleasedRounds(const StudyHistory& study) {
  uint64_t rounds = 0;
  for (const Round& round : study.rounds) rounds += round.release ? 1 : 0;
  return rounds;
}

Spent SpentBy(const StudyHistory& study, const std::string& node, EpsilonCache& cache) {
  Spent spent;
  spent.study = study.digest.ToHex();
  spent.title = study.title;
  spent.node = node;
  spent.delta = study.terms.delta;
  spent.local_steps = study.terms.local_steps;
  const auto contributed = study.contributed.find(node);
  spent.rounds = node.empty()                             ? ReleasedRounds(study)
                 : contributed == study.contributed.end() ? 0
                                                          : contributed->second;
  // A node cannot know the count beforehand: its own charge assumes min-nodes.
  const uint64_t count =
      node.empty() && study.least_count > 0 ? study.least_count : study.terms.min_nodes;
  if (spent.rounds > 0) {
    spent.epsilon_node = cache.Node(study.terms, spent.rounds);
    spent.epsilon_public = cache.Public(study.terms, spent.rounds, count);
  }
  for (const Round& round : study.rounds) {
    if (!round.release) continue;
    spent.claimed_node = round.epsilon_node;
    spent.claimed_public = round.epsilon_public;
  }
  return spent;
}

std::string LineOf(const Spent& spent) {
  std::string line = absl::StrFormat("  %s…  %s\n", spent.study.substr(0, 12), spent.title);
  line += absl::StrFormat(
      "    %d %s so far. A member is protected to epsilon %.4g even if everybody else colludes\n"
      "    (epsilon_node), and to %.4g in what was released (epsilon_public), at delta %.3g.\n",
      spent.rounds, spent.rounds == 1 ? "round" : "rounds", spent.epsilon_node,
      spent.epsilon_public, spent.delta);
  if (spent.local_steps > 0) {
    line += absl::StrFormat(
        "    A node made %d noised sums in each round and sent what it derived from them, which no "
        "other\n    node's noise protects: both figures are the same.\n",
        spent.local_steps);
  }
  if (spent.claimed_node > 0 && spent.node.empty()) {
    line += absl::StrFormat("    The log claims %.4g and %.4g for all its rounds together.\n",
                            spent.claimed_node, spent.claimed_public);
  }
  return line;
}

Json JsonOf(const Spent& spent) {
  return {{"study", spent.study},
          {"title", spent.title},
          {"rounds", spent.rounds},
          {"local_steps", spent.local_steps},
          {"delta", spent.delta},
          {"epsilon_node", spent.epsilon_node},
          {"epsilon_public", spent.epsilon_public},
          {"claimed_epsilon_node", spent.claimed_node},
          {"claimed_epsilon_public", spent.claimed_public}};
}

// Everything the node contributed to, composed at the largest delta.
double Composed(const History& history, const std::string& node) {
  std::vector<privacy::Phase> phases;
  double delta = 0;
  for (const auto& [digest, study] : history.studies) {
    const auto found = study.contributed.find(node);
    if (found == study.contributed.end()) continue;
    phases.push_back(privacy::NodePhase(study.terms.cost().Over(found->second)));
    delta = std::max(delta, study.terms.delta);
  }
  if (phases.empty()) return 0;
  const auto epsilon = privacy::EpsilonOf(phases, delta);
  return epsilon.ok() ? epsilon->epsilon : std::numeric_limits<double>::infinity();
}

std::string Print(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ProposalText(const StudyHistory& study) {
  std::string text =
      absl::StrFormat("%s  %s\n  %s\n  proposed by %s at %s (entry %s), open until %s\n",
                      study.digest.Short(), study.title, study.purpose, study.researcher,
                      study.time, Grouped(study.propose.value_or(0)), study.expires);
  if (study.unbegun) {
    text += absl::StrFormat("  ended before its first round by entry %s (%s)\n",
                            Grouped(*study.unbegun), study.unbegun_code);
  }
  const std::string steps = study.terms.local_steps > 0
                                ? absl::StrFormat(" of %d local steps", study.terms.local_steps)
                                : std::string();
  return text + absl::StrFormat(
                    "  %s, %d rounds%s, noise %g, rate %g, delta %g, at least %d organisations\n",
                    study.terms.recipe, study.terms.rounds, steps, study.terms.noise_multiplier,
                    study.terms.sampling_rate, study.terms.delta, study.terms.min_nodes);
}

std::string LineOf(const std::string& node, const Decision& decision, uint64_t rounds) {
  std::string line = absl::StrFormat("  %-8s  %-20s %s by %s (entry %s)",
                                     decision.accepted ? "accepted" : "refused", node,
                                     decision.time, decision.body, Grouped(decision.index));
  if (decision.accepted) line += absl::StrFormat(", counted in %d rounds", rounds);
  if (decision.max_epsilon_node) {
    line += absl::StrFormat(", up to epsilon_node %g", *decision.max_epsilon_node);
  }
  if (decision.withdrawn_from) {
    line += absl::StrFormat(", withdrawn from round %d", *decision.withdrawn_from);
  }
  return line + "\n";
}

Json JsonOf(const std::string& node, const Decision& decision, uint64_t rounds) {
  Json item = {
      {"node", node},          {"accepted", decision.accepted}, {"time", decision.time},
      {"body", decision.body}, {"entry", decision.index},       {"rounds_counted", rounds}};
  if (decision.max_epsilon_node) item["max_epsilon_node"] = *decision.max_epsilon_node;
  if (decision.max_epsilon_public) item["max_epsilon_public"] = *decision.max_epsilon_public;
  if (decision.withdrawn_from) item["withdrawn_from"] = *decision.withdrawn_from;
  return item;
}

}  // namespace

int RunReplay(const CommandOptions& options, const ReplayOptions& replay) {
  // The first pass is the audit; the second reads what the study's rounds rest on.
  const auto done = VerifiedHistory(options);
  if (!done.ok()) return Refuse(done.status());
  const auto study = PickStudy((*done)->replayer->history(), replay.study);
  if (!study.ok()) return Refuse(study.status());
  KeptFiles kept((*study)->digest);
  transparency::LogReader& reader = *(*done)->log->reader;
  const absl::Status read = reader.ForEach((*study)->propose.value_or(0), reader.tree().size,
                                           [&](uint64_t index, std::string_view bytes) {
                                             kept.Take(index, bytes);
                                             return absl::OkStatus();
                                           });
  if (!read.ok()) return Refuse(read);
  Findings& findings = (*done)->findings;
  ReplayStudy({*study, &kept, replay.round, replay.folder, replay.study_file}, &findings);
  return Show(options,
              {"replay", (*done)->headline, NextStep(findings, (*done)->log->source), &findings});
}

int RunPrivacy(const CommandOptions& options, const PrivacyOptions& asked) {
  const auto done = VerifiedHistory(options);
  if (!done.ok()) return Refuse(done.status());
  History& history = (*done)->replayer->history();
  Json list = Json::array();
  std::string text;
  for (const StudyHistory* one : history.InOrder()) {
    const StudyHistory& study = *one;
    if (study.digest.ToHex().rfind(asked.study, 0) != 0) continue;
    const Spent spent = SpentBy(study, asked.node, (*done)->replayer->epsilons());
    if (!asked.node.empty() && spent.rounds == 0) continue;
    list.push_back(JsonOf(spent));
    text += LineOf(spent);
  }
  const double composed = asked.node.empty() ? 0 : Composed(history, asked.node);
  if (!asked.node.empty()) {
    text += absl::StrFormat("  all of it together at %s: epsilon %.4g\n", asked.node, composed);
  }
  if (list.empty()) text += "  no study of that kind stands in the log\n";
  const Findings& findings = (*done)->findings;
  if (options.json) {
    const Json json = {{"version", kJsonVersion},
                       {"command", "privacy"},
                       {"node", asked.node},
                       {"studies", list},
                       {"composed_epsilon", composed},
                       {"verdict", NameOf(findings.exit_code())},
                       {"exit_code", static_cast<int>(findings.exit_code())}};
    std::fputs(Print(json).c_str(), stdout);
    return findings.exit_code();
  }
  std::fputs(
      (text + "Recomputed from noise, rate, rounds and local steps alone. Members of several "
              "organisations, and what the\ntruth itself says of a group, are not covered.\n")
          .c_str(),
      stdout);
  return Show(options,
              {"privacy", (*done)->headline, NextStep(findings, (*done)->log->source), &findings});
}

int RunWho(const CommandOptions& options, const std::string& prefix) {
  const auto done = VerifiedHistory(options);
  if (!done.ok()) return Refuse(done.status());
  const auto picked = PickStudy((*done)->replayer->history(), prefix);
  if (!picked.ok()) return Refuse(picked.status());
  const StudyHistory& study = **picked;
  Json list = Json::array();
  std::string text = ProposalText(study);
  for (const auto& [node, decision] : study.decisions) {
    const auto counted = study.counted.find(node);
    const uint64_t rounds = counted == study.counted.end() ? 0 : counted->second;
    list.push_back(JsonOf(node, decision, rounds));
    text += LineOf(node, decision, rounds);
  }
  for (const std::string& line : ReadershipOf(study)) text += "  " + line + "\n";
  const Findings& findings = (*done)->findings;
  const int code = findings.exit_code();
  const Json json = {{"version", kJsonVersion},
                     {"command", "who"},
                     {"study", study.digest.ToHex()},
                     {"title", study.title},
                     {"decisions", list},
                     {"readers", ReadershipJson(study)},
                     {"verdict", NameOf(findings.exit_code())},
                     {"exit_code", code}};
  text += findings.Conclusion() + absl::StrFormat("  → mutual-audit privacy --study %s   exit %d\n",
                                                  study.digest.Short(), code);
  std::fputs((options.json ? Print(json) : text).c_str(), stdout);
  return code;
}

}  // namespace mutual::audit
