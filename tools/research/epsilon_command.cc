#include <charconv>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "privacy/accountant.h"
#include "privacy/loss_accountant.h"
#include "privacy/study_phase.h"
#include "study/local_steps.h"
#include "tools/research/commands.h"

namespace mutual::research {
namespace {

bool ReadNumber(const std::string& text, double* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size();
}

absl::StatusOr<StudyCost> ParsePhase(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ',');
  double noise = 0, rate = 0, rounds = 0;
  if (parts.size() != 3 || !ReadNumber(parts[0], &noise) || !ReadNumber(parts[1], &rate) ||
      !ReadNumber(parts[2], &rounds) || rounds < 0 || rounds > 1e7 ||
      rounds != static_cast<double>(static_cast<uint64_t>(rounds))) {
    return InvalidArgument("phase is \"%s\", want noise,rate,rounds such as 2,0.1,200", text);
  }
  return StudyCost{noise, rate, static_cast<uint64_t>(rounds)};
}

const std::vector<std::string> kAssumptions = {
    "unit: one member of one organisation with all their rows; neighbours add or remove one member",
    "sampling: each member joins each round independently with the given rate, in secret",
    "epsilon_node: holds even if every other organisation and the coordinator collude",
    "epsilon_public: the released sum holds the noise of at least `honest` honest organisations",
    "accountant: Renyi divergence (integer orders, and tenths below 12), conversion of Canonne, Kamath and Steinke 2020; "
    "nodes charge it",
    "accountant of the pld figures: privacy-loss distributions, rounded up; valid for one plan fixed beforehand"};

// Both accountants' figures for one plan.
struct Figures {
  privacy::Epsilon renyi;
  double loss;
};

absl::StatusOr<Figures> FiguresOf(const std::vector<privacy::Phase>& phases, double delta) {
  Figures figures{};
  MUTUAL_ASSIGN_OR_RETURN(figures.renyi, privacy::EpsilonOf(phases, delta));
  MUTUAL_ASSIGN_OR_RETURN(figures.loss, privacy::LossEpsilonOf(phases, delta));
  return figures;
}

absl::Status CheckQuestion(const EpsilonQuestion& question) {
  if (question.phases.empty()) {
    return InvalidArgument(
        "nothing to add up: give --noise Z --rate Q --rounds T, or --phase Z,Q,T");
  }
  if (question.honest < 0) {
    return InvalidArgument("--honest is %d, want at least 1", question.honest);
  }
  if (question.local_steps != 0 && (question.local_steps < 2 || question.local_steps > 1000)) {
    return InvalidArgument("--local-steps is %d, want 2 to 1000", question.local_steps);
  }
  return absl::OkStatus();
}

// The answer to one question.
struct Answer {
  Figures node, released;
  double delta;
  int honest;
  std::vector<std::string> assumptions;
};

absl::StatusOr<Answer> AnswerOf(const EpsilonQuestion& question) {
  Answer answer{};
  answer.delta = question.delta;
  answer.honest = question.honest == 0 || question.local_steps > 0 ? 1 : question.honest;
  answer.assumptions = kAssumptions;
  if (question.local_steps > 0) answer.assumptions.push_back(study::kLocalStepsAssumption);
  std::vector<privacy::Phase> of_node, of_released;
  for (const std::string& text : question.phases) {
    MUTUAL_ASSIGN_OR_RETURN(StudyCost cost, ParsePhase(text));
    cost.local_steps = static_cast<uint64_t>(question.local_steps);
    of_node.push_back(privacy::NodePhase(cost));
    of_released.push_back(privacy::PublicPhase(cost, answer.honest));
  }
  MUTUAL_ASSIGN_OR_RETURN(answer.node, FiguresOf(of_node, question.delta));
  MUTUAL_ASSIGN_OR_RETURN(answer.released, FiguresOf(of_released, question.delta));
  return answer;
}

}  // namespace

absl::Status PrintEpsilon(const CommandOptions& options, const EpsilonQuestion& question) {
  MUTUAL_RETURN_IF_ERROR(CheckQuestion(question));
  MUTUAL_ASSIGN_OR_RETURN(const Answer answer, AnswerOf(question));
  const Figures &node = answer.node, &released = answer.released;
  if (options.json) {
    nlohmann::ordered_json json = {{"epsilon_node", node.renyi.epsilon},
                                   {"epsilon_node_order", node.renyi.order},
                                   {"epsilon_node_pld", node.loss},
                                   {"epsilon_public", released.renyi.epsilon},
                                   {"epsilon_public_order", released.renyi.order},
                                   {"epsilon_public_pld", released.loss},
                                   {"delta", answer.delta},
                                   {"honest", answer.honest},
                                   {"assumptions", answer.assumptions}};
    std::printf("%s\n", json.dump(2).c_str());
    return absl::OkStatus();
  }
  std::printf(
      "epsilon_node        %.6g   (best order %d)\n"
      "epsilon_node_pld    %.6g\n"
      "epsilon_public      %.6g   (best order %d, honest nodes: %d)\n"
      "epsilon_public_pld  %.6g\n"
      "delta               %g\n",
      node.renyi.epsilon, node.renyi.order, node.loss, released.renyi.epsilon,
      released.renyi.order, answer.honest, released.loss, answer.delta);
  for (const std::string& line : answer.assumptions) std::printf("  - %s\n", line.c_str());
  return absl::OkStatus();
}

}  // namespace mutual::research
