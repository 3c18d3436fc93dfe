// `mutual plan` of a training study.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "study/figure.h"
#include "tools/research/commands.h"
#include "tools/research/training_plan.h"

namespace mutual::research {
namespace {

using Json = nlohmann::ordered_json;
using study::Readable;

constexpr char kLedgerRule[] =
    "Each organisation's ledger is charged round by round, so rounds that are not run are charged "
    "to nobody.\nWhat the study states stays the figure of all its rounds, since when it ends "
    "depends "
    "on what was released.";
constexpr char kCertain[] = "No formula tells how good the model will be. What is certain:";

struct TrainingAnswer {
  const study::Study& study;
  const PlanQuestion& question;
  const TrainingScenario& scenario;
  TrainingPlan plan;
  std::optional<TrainingCost> run;  // with --rounds-run

  const TrainingCost& whole() const { return plan.after.back(); }
  bool works() const { return plan.has_nodes && plan.affordable_rounds >= study.rounds(); }
};

absl::Status CheckTrainingQuestion(const PlanQuestion& question, const study::Study& study) {
  if (!question.sample.empty() || !question.sweep.empty() || !question.svg.empty()) {
    return WithCode(
        InvalidArgument("--sample, --sweep and --svg are for statistics: no formula tells how good "
                        "a trained model will be. Leave them out, or try the study on made-up data "
                        "with: mutual simulate"),
        "PLAN_TRAINING");
  }
  return CheckRoundsRun(question, study);
}

std::string Bytes(double count) {
  constexpr const char* kUnits[] = {"bytes", "kB", "MB", "GB", "TB"};
  size_t unit = 0;
  for (; count >= 1000 && unit + 1 < std::size(kUnits); ++unit) count /= 1000;
  return absl::StrFormat("%.*f %s", unit == 0 ? 0 : 1, count, kUnits[unit]);
}

std::string Small(double value) { return Readable(value, value / 100); }

void PrintScenario(const TrainingAnswer& answer) {
  const TrainingPlan& plan = answer.plan;
  std::printf(
      "Plan for \"%s\" (%s), a training study\n%.0f organisations are asked; expected to answer: "
      "%.0f organisations with %.0f members.\n%s\n\n",
      answer.study.title.c_str(), answer.study.digest.Short().c_str(), answer.scenario.asked,
      answer.scenario.nodes, answer.scenario.members, kCertain);
  std::printf(
      "%d rounds; the model has %d parameters.\n"
      "  An organisation receives %s and sends %s in a round, %s in all, besides the log.\n",
      static_cast<int>(answer.study.rounds()), static_cast<int>(plan.parameters),
      Bytes(static_cast<double>(plan.bytes_down)).c_str(),
      Bytes(static_cast<double>(plan.bytes_up)).c_str(),
      Bytes(static_cast<double>((plan.bytes_down + plan.bytes_up) * answer.study.rounds()))
          .c_str());
  const uint64_t steps = answer.study.cost().local_steps;
  if (steps > 0) {
    std::printf(
        "  In a round each takes %d steps of its own and sends the difference of the "
        "weights.\n",
        static_cast<int>(steps));
  }
  std::printf(
      "  %s sum is divided by %s, the members that the study expects in it; these "
      "organisations have %s.\n",
      steps > 0 ? "A step's" : "A round's", Small(plan.expected_members).c_str(),
      Small(plan.present_members).c_str());
  std::printf(
      "  Noise in %s mean gradient, where no member moves it by more than %s of the clip:\n"
      "    %s of the clip in each number, %s as the length of the whole (standard deviation).\n",
      steps > 0 ? "a step's" : "a round's", Small(1 / plan.expected_members).c_str(),
      Small(plan.noise).c_str(), Small(plan.noise_length).c_str());
}

void PrintCosts(const TrainingAnswer& answer) {
  std::printf(
      "\nWhat it costs each member in privacy (chance of failure %g): epsilon_node if everyone "
      "else colluded,\nepsilon_public from what is published, and of a year's %g and %g\n"
      "  %11s  %12s  %14s  %14s\n",
      answer.study.privacy.delta, answer.question.yearly_node, answer.question.yearly_released,
      "after round", "epsilon_node", "epsilon_public", "of a year");
  for (const TrainingCost& cost : answer.plan.after) {
    std::printf("  %11d  %12.3f  %14.3f  %5.1f %% %5.1f %%\n", static_cast<int>(cost.rounds),
                cost.node, cost.released, 100 * cost.yearly_node, 100 * cost.yearly_released);
  }
  if (answer.study.cost().local_steps > 0) std::printf("  %s\n", study::kLocalStepsAssumption);
}

std::string SavedWords(const TrainingCost& saved) {
  return absl::StrFormat(
      "%.3f of epsilon_node and %.3f of epsilon_public, %.1f %% and %.1f %% of a year's budgets "
      "(planned minus run)",
      saved.node, saved.released, 100 * saved.yearly_node, 100 * saved.yearly_released);
}

void PrintEnding(const TrainingAnswer& answer) {
  const int rounds = static_cast<int>(answer.study.rounds());
  if (answer.run) {
    std::printf(
        "\nEnded after round %d of %d. So many rounds cost %.3f of epsilon_node and %.3f of "
        "epsilon_public; this saved\n%s.\n",
        static_cast<int>(answer.run->rounds), rounds, answer.run->node, answer.run->released,
        SavedWords(Saved(answer.whole(), *answer.run)).c_str());
  } else if (answer.plan.earliest) {
    std::printf("\nIt may end early, after round %d of %d at the earliest. That would save\n%s.\n",
                static_cast<int>(answer.plan.earliest->rounds), rounds,
                SavedWords(Saved(answer.whole(), *answer.plan.earliest)).c_str());
  }
  if (answer.run || answer.plan.earliest) std::printf("%s\n", kLedgerRule);
}

void PrintVerdict(const TrainingAnswer& answer) {
  const TrainingPlan& plan = answer.plan;
  if (!plan.has_nodes) {
    std::printf(
        "\nDo not run this study yet: %.0f organisations are expected to answer, and it asks for "
        "at least %d.\n",
        answer.scenario.nodes, answer.study.cohort.min_nodes);
  } else if (!answer.works()) {
    std::printf(
        "\nDo not run this study yet: a year's budget pays for %d of its %d rounds. Ask for more "
        "noise, fewer rounds or a lower sampling_rate.\n",
        static_cast<int>(plan.affordable_rounds), static_cast<int>(answer.study.rounds()));
  } else {
    std::printf(
        "\nThis study can run. Whether its model will be good, a trial on made-up data may show: "
        "mutual simulate\n");
  }
}

Json ToJson(const TrainingCost& cost) {
  return {{"rounds", cost.rounds},
          {"epsilon_node", cost.node},
          {"epsilon_public", cost.released},
          {"yearly_share_node", cost.yearly_node},
          {"yearly_share_public", cost.yearly_released}};
}

Json ToJson(const TrainingAnswer& answer) {
  const TrainingPlan& plan = answer.plan;
  Json json = {{"study", answer.study.digest.ToHex()},
               {"organisations", answer.scenario.nodes},
               {"members", answer.scenario.members},
               {"rounds", answer.study.rounds()},
               {"parameters", plan.parameters},
               {"bytes_down_a_round", plan.bytes_down},
               {"bytes_up_a_round", plan.bytes_up},
               {"bytes_in_all", (plan.bytes_down + plan.bytes_up) * answer.study.rounds()},
               {"expected_members_a_round", plan.expected_members},
               {"members_a_round", plan.present_members},
               {"gradient_noise_of_clip", plan.noise},
               {"gradient_noise_length_of_clip", plan.noise_length},
               {"epsilon_node", answer.whole().node},
               {"epsilon_public", answer.whole().released},
               {"affordable_rounds", plan.affordable_rounds},
               {"works", answer.works()},
               {"enough_organisations", plan.has_nodes}};
  for (const TrainingCost& cost : plan.after) json["after"].push_back(ToJson(cost));
  if (plan.earliest) {
    json["earliest_end"] = {{"spent", ToJson(*plan.earliest)},
                            {"saved", ToJson(Saved(answer.whole(), *plan.earliest))}};
  }
  if (answer.run) {
    json["rounds_run"] = {{"spent", ToJson(*answer.run)},
                          {"saved", ToJson(Saved(answer.whole(), *answer.run))}};
  }
  if (plan.earliest || answer.run) json["ledger"] = kLedgerRule;
  if (answer.study.cost().local_steps > 0) {
    json["local_steps"] = answer.study.cost().local_steps;
    json["assumptions"] = {study::kLocalStepsAssumption};
  }
  return json;
}

}  // namespace

absl::Status CheckRoundsRun(const PlanQuestion& question, const study::Study& study) {
  if (!question.rounds_run) return absl::OkStatus();
  const bool trains = std::holds_alternative<study::TrainSpec>(study.recipe);
  if (trains && *question.rounds_run >= 1 && *question.rounds_run <= study.rounds()) {
    return absl::OkStatus();
  }
  return WithCode(
      InvalidArgument("--rounds-run is %d, want 1 to %d, the rounds of this study; only training "
                      "studies have several",
                      *question.rounds_run, study.rounds()),
      "PLAN_ROUNDS");
}

absl::Status PrintTrainingPlan(const CommandOptions& options, const PlanQuestion& question,
                               const study::Study& study, const TrainingScenario& scenario) {
  MUTUAL_RETURN_IF_ERROR(CheckTrainingQuestion(question, study));
  TrainingAnswer answer{study, question, scenario, {}, std::nullopt};
  MUTUAL_ASSIGN_OR_RETURN(answer.plan, PlanTraining(study, scenario));
  if (question.rounds_run) {
    MUTUAL_ASSIGN_OR_RETURN(answer.run, CostAfter(study, scenario.policy, *question.rounds_run));
  }
  if (options.json) {
    std::printf("%s\n", ToJson(answer).dump(2).c_str());
    return absl::OkStatus();
  }
  PrintScenario(answer);
  PrintCosts(answer);
  PrintEnding(answer);
  if (!answer.run) PrintVerdict(answer);
  return absl::OkStatus();
}

}  // namespace mutual::research
