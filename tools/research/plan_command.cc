// `mutual plan`: whether a study can work, before bothering anyone.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/status.h"
#include "client/data/data_source.h"
#include "client/node/round_guard.h"
#include "privacy/budget.h"
#include "privacy/grid.h"
#include "study/figure.h"
#include "study/plan/curve.h"
#include "study/plan/plan.h"
#include "tools/research/commands.h"
#include "tools/research/federation_size.h"
#include "tools/research/training_plan.h"

namespace mutual::research {
namespace {

using Json = nlohmann::ordered_json;
using study::PlannedFigure;
using study::Readable;

constexpr size_t kAssumedMembers = 4000;
constexpr size_t kShownFigures = 12;
constexpr int kSweepPoints = 13;

struct Cost {
  double node, released;            // epsilons of the whole study
  double left_node, left_released;  // of a year's budget in which nothing else was spent
};

// Everything about one question.
struct Planned {
  study::Study study;
  std::vector<double> members;  // all, by organisation
  std::string sample_words;
  study::Scenario scenario;
  study::Plan plan;
  Cost cost;
  std::optional<double> least_members, most_noise;  // noise as a multiplier
};

absl::StatusOr<study::MemberSample> ReadSample(const std::string& path, const study::Study& study) {
  client::TableConfig table;
  table.file = path;
  std::map<std::string, std::vector<double>> rows;
  const auto report = client::ReadTable(
      table, study.schema, [&](const std::string& member, const std::vector<double>& values) {
        std::vector<double>& own = rows[member];
        own.insert(own.end(), values.begin(), values.end());
      });
  MUTUAL_RETURN_IF_ERROR(report.status());
  study::MemberSample sample;
  for (auto& [member, values] : rows) sample.push_back(std::move(values));
  if (!sample.empty()) return sample;
  return WithCode(InvalidArgument("the sample %s has no usable row; check it with: mutual-node "
                                  "check-data",
                                  path),
                  "PLAN_SAMPLE");
}

// Standard deviation of one node's noise in the recipe's unit, as the grid of a round will have it.
absl::StatusOr<double> NodeNoise(const study::Study& study, const study::Recipe& recipe,
                                 size_t nodes) {
  MUTUAL_ASSIGN_OR_RETURN(
      const privacy::Grid grid,
      privacy::MakeGrid({recipe.dimension(), recipe.member_bound(), study.privacy.noise_multiplier,
                         static_cast<int>(nodes), privacy::Rounding::kPerMember}));
  return static_cast<double>(grid.noise_stddev) / grid.scale / study.privacy.sampling_rate;
}

// A year's, with the orders of the node.toml that nodes begin with.
privacy::BudgetPolicy PolicyOf(const PlanQuestion& question, const study::Study& study) {
  return {study.privacy.delta,  question.yearly_node,     question.yearly_released,
          question.yearly_node, question.yearly_released, {3, 4, 6, 8, 12, 20, 32, 64}};
}

absl::StatusOr<Cost> CostOf(const study::Study& study, const PlanQuestion& question) {
  privacy::Phase phase{study.privacy.noise_multiplier, study.privacy.sampling_rate, study.rounds()};
  Cost cost{};
  MUTUAL_ASSIGN_OR_RETURN(const privacy::RenyiCurve node, privacy::CurveOf(phase));
  MUTUAL_ASSIGN_OR_RETURN(const privacy::Epsilon node_epsilon,
                          privacy::EpsilonOf(std::span(&phase, 1), study.privacy.delta));
  phase.noise_multiplier = privacy::PublicNoiseMultiplier(
      phase.noise_multiplier, study.cohort.min_nodes - study.cohort.assumed_colluders);
  MUTUAL_ASSIGN_OR_RETURN(const privacy::RenyiCurve released, privacy::CurveOf(phase));
  MUTUAL_ASSIGN_OR_RETURN(const privacy::Epsilon released_epsilon,
                          privacy::EpsilonOf(std::span(&phase, 1), study.privacy.delta));
  const privacy::BudgetPolicy policy = PolicyOf(question, study);
  cost.node = node_epsilon.epsilon;
  cost.released = released_epsilon.epsilon;
  cost.left_node = question.yearly_node - privacy::YearlyEpsilon(policy, node);
  cost.left_released = question.yearly_released - privacy::YearlyEpsilon(policy, released);
  return cost;
}

// What would be answered with `share` of the organisations that are there.
study::Scenario ScenarioOf(const PlanQuestion& question, const std::vector<double>& members,
                           double node_noise) {
  const double stay = 1 - question.drop_out;
  study::Scenario scenario;
  scenario.nodes = std::floor(static_cast<double>(members.size()) * stay + 1e-9);
  scenario.members =
      std::accumulate(members.begin(), members.end(), 0.0) * question.response * stay;
  scenario.noise_stddev = node_noise * std::sqrt(scenario.nodes);
  return scenario;
}

absl::StatusOr<std::vector<double>> MembersOf(const PlanQuestion& question) {
  if (!question.members_file.empty()) return ReadMembers(question.members_file);
  return ParseMembers(question.members, question.nodes);
}

std::string Label(const PlannedFigure& figure) {
  return figure.table + (figure.row.empty() ? "" : ", " + figure.row) + ": " + figure.name;
}

std::string HalfWidth(double value, const std::string& unit) {
  return "±" + study::WithUnit(Readable(value, value), unit);
}

void PrintFigures(const Planned& planned) {
  std::printf("\nWhat will be known, 95 %% sure within (sampling | privacy | together)\n");
  const auto& figures = planned.plan.figures;
  size_t width = 0;
  for (size_t i = 0; i < figures.size() && i < kShownFigures; ++i) {
    width = std::max(width, Label(figures[i]).size());
  }
  for (size_t i = 0; i < figures.size() && i < kShownFigures; ++i) {
    std::printf("  %-*s %10s | %10s | %s\n", static_cast<int>(width), Label(figures[i]).c_str(),
                HalfWidth(figures[i].sampling, "").c_str(),
                HalfWidth(figures[i].privacy, "").c_str(),
                HalfWidth(figures[i].combined, figures[i].unit).c_str());
  }
  if (figures.size() > kShownFigures) {
    std::printf("  and %d figures more (--json lists all)\n",
                static_cast<int>(figures.size() - kShownFigures));
  }
  std::printf("Cells withheld: about %.0f %%.\n", 100 * planned.plan.withheld_share);
}

// The figure that one sentence is about: the first that is no count.
const PlannedFigure* Headline(const study::Plan& plan) {
  for (const PlannedFigure& figure : plan.figures) {
    if (figure.sampling > 0) return &figure;
  }
  return plan.figures.empty() ? nullptr : &plan.figures[0];
}

void PrintVerdict(const Planned& planned) {
  const study::Plan& plan = planned.plan;
  if (const PlannedFigure* const figure = Headline(plan)) {
    const double added = figure->combined - figure->sampling;
    std::printf(
        "\nWith these %.0f organisations the figure \"%s\" will be known to about %s; privacy "
        "adds %s to that.\n",
        planned.scenario.nodes, Label(*figure).c_str(),
        HalfWidth(figure->combined, figure->unit).c_str(),
        study::WithUnit(Readable(added, added), figure->unit).c_str());
  }
  if (plan.is_useful) {
    std::printf("This study can work. ");
    if (planned.least_members) {
      std::printf("It would still work with about %.0f members, ", *planned.least_members);
    }
    std::printf("or with a noise_multiplier of up to %s.\n",
                planned.most_noise ? Readable(*planned.most_noise, *planned.most_noise / 10).c_str()
                                   : "this one");
    return;
  }
  std::printf("\nDo not run this study yet: ");
  if (!plan.has_nodes) {
    std::printf("%.0f organisations are expected to answer, and it asks for at least %d.\n",
                planned.scenario.nodes, planned.study.cohort.min_nodes);
    return;
  }
  std::printf("noise hides too much of the answer. ");
  if (planned.least_members) {
    std::printf("About %.0f members would do%s", *planned.least_members,
                planned.most_noise ? ", or " : ".\n");
  }
  if (planned.most_noise) {
    std::printf("a noise_multiplier of %s with these members (mind what it costs in privacy).\n",
                Readable(*planned.most_noise, *planned.most_noise / 10).c_str());
  }
  if (!planned.least_members && !planned.most_noise) {
    std::printf("Ask for fewer cells: not even a thousand times as many members would do.\n");
  }
}

void PrintPlan(const Planned& planned, const PlanQuestion& question) {
  const double all = std::accumulate(planned.members.begin(), planned.members.end(), 0.0);
  std::printf(
      "Plan for \"%s\" (%s)\n%d organisations with %.0f members; expected to answer: %.0f "
      "organisations with %.0f members.\nAssumed: %s.\n",
      planned.study.title.c_str(), planned.study.digest.Short().c_str(),
      static_cast<int>(planned.members.size()), all, planned.scenario.nodes,
      planned.scenario.members, planned.sample_words.c_str());
  PrintFigures(planned);
  std::printf(
      "\nWhat it costs each member in privacy (chance of failure %g):\n"
      "  if everyone else colluded: %.3f (epsilon_node), leaving %.2f of a year's %g\n"
      "  from what is published:    %.3f (epsilon_public), leaving %.2f of a year's %g\n",
      planned.study.privacy.delta, planned.cost.node, planned.cost.left_node, question.yearly_node,
      planned.cost.released, planned.cost.left_released, question.yearly_released);
  PrintVerdict(planned);
}

Json ToJson(const Planned& planned) {
  Json figures = Json::array();
  for (const PlannedFigure& figure : planned.plan.figures) {
    figures.push_back({{"table", figure.table},
                       {"row", figure.row},
                       {"name", figure.name},
                       {"unit", figure.unit},
                       {"value", figure.value},
                       {"sampling", figure.sampling},
                       {"privacy", figure.privacy},
                       {"combined", figure.combined}});
  }
  const auto number = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
  };
  return {{"study", planned.study.digest.ToHex()},
          {"organisations", planned.scenario.nodes},
          {"members", planned.scenario.members},
          {"assumed", planned.sample_words},
          {"half_widths_95", figures},
          {"withheld_share", planned.plan.withheld_share},
          {"epsilon_node", planned.cost.node},
          {"epsilon_public", planned.cost.released},
          {"yearly_left_node", planned.cost.left_node},
          {"yearly_left_public", planned.cost.left_released},
          {"works", planned.plan.is_useful},
          {"enough_organisations", planned.plan.has_nodes},
          {"least_members", number(planned.least_members)},
          {"most_noise_multiplier", number(planned.most_noise)}};
}

// Half-widths of the headline figure against noise or the number of organisations.
study::Curve Sweep(const study::Planner& planner, const Planned& planned,
                   const PlanQuestion& question) {
  const bool noise = question.sweep == "noise";
  const PlannedFigure* const headline = Headline(planned.plan);
  study::Curve curve;
  curve.title = headline == nullptr ? "nothing is known" : Label(*headline);
  curve.x_name = noise ? "noise_multiplier" : "organisations";
  curve.y_name = "95 % sure within ±" + (headline == nullptr ? "" : " " + headline->unit);
  curve.lines = {{"together", {}}, {"sampling", {}}, {"privacy", {}}};
  const double least =
      noise
          ? 0.25
          : std::max(0.25, planned.study.cohort.min_nodes / std::max(1.0, planned.scenario.nodes));
  const double most = noise ? 8 : 4;
  curve.marked_x = noise ? planned.study.privacy.noise_multiplier : planned.scenario.nodes;
  for (int i = 0; i < kSweepPoints; ++i) {
    const double factor = least * std::pow(most / least, i / (kSweepPoints - 1.0));
    study::Scenario scenario = planned.scenario;
    if (noise) {
      scenario.noise_stddev *= factor;
    } else {
      scenario.nodes = std::round(scenario.nodes * factor);
      scenario.members *= factor;
      scenario.noise_stddev *= std::sqrt(factor);
    }
    curve.x.push_back(curve.marked_x * factor);
    const study::Plan plan = planner.At(scenario);
    double values[3] = {std::nan(""), std::nan(""), std::nan("")};
    for (const PlannedFigure& figure : plan.figures) {
      if (headline == nullptr || Label(figure) != Label(*headline)) continue;
      values[0] = figure.combined;
      values[1] = figure.sampling;
      values[2] = figure.privacy;
    }
    for (size_t line = 0; line < 3; ++line) curve.lines[line].y.push_back(values[line]);
  }
  return curve;
}

absl::Status PrintSweep(const CommandOptions& options, const study::Curve& curve,
                        const PlanQuestion& question) {
  if (options.json) {
    Json json = {{"title", curve.title}, {curve.x_name, curve.x}};
    for (const study::CurveLine& line : curve.lines) {
      Json values = Json::array();
      for (const double y : line.y) values.push_back(std::isfinite(y) ? Json(y) : Json(nullptr));
      json[line.name] = values;
    }
    std::printf("%s\n", json.dump(2).c_str());
  } else {
    std::printf("\n%s", study::ToCharacters(curve).c_str());
  }
  if (question.svg.empty()) return absl::OkStatus();
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(question.svg, study::ToSvg(curve), FileMode::kPublic));
  if (!options.json) std::printf("Wrote %s\n", question.svg.c_str());
  return absl::OkStatus();
}

absl::Status CheckQuestion(const PlanQuestion& question) {
  const bool shares = question.response > 0 && question.response <= 1 && question.drop_out >= 0 &&
                      question.drop_out < 1;
  if (shares && question.yearly_node > 0 && question.yearly_released > 0) return absl::OkStatus();
  return WithCode(
      InvalidArgument("--response is %g (want above 0, at most 1), --drop-out %g (want 0 "
                      "to below 1), yearly budgets %g and %g (want above 0)",
                      question.response, question.drop_out, question.yearly_node,
                      question.yearly_released),
      "PLAN_SHARES");
}

}  // namespace

absl::Status PrintPlan(const CommandOptions& options, const PlanQuestion& question) {
  MUTUAL_RETURN_IF_ERROR(CheckQuestion(question));
  MUTUAL_ASSIGN_OR_RETURN(const std::string text, ReadFile(question.file, 1 << 20));
  Planned planned;
  MUTUAL_ASSIGN_OR_RETURN(planned.study, study::ParseStudy(text, client::SolveNoise));
  MUTUAL_ASSIGN_OR_RETURN(planned.members, MembersOf(question));
  if (std::holds_alternative<study::TrainSpec>(planned.study.recipe)) {
    const study::Scenario scenario = ScenarioOf(question, planned.members, 0);
    return PrintTrainingPlan(options, question, planned.study,
                             {static_cast<double>(planned.members.size()), scenario.nodes,
                              scenario.members, PolicyOf(question, planned.study)});
  }
  MUTUAL_RETURN_IF_ERROR(CheckRoundsRun(question, planned.study));
  study::MemberSample sample;
  if (question.sample.empty()) {
    sample = study::AssumedMembers(planned.study, kAssumedMembers);
    planned.sample_words = study::kAssumption;
  } else {
    MUTUAL_ASSIGN_OR_RETURN(sample, ReadSample(question.sample, planned.study));
    planned.sample_words =
        absl::StrFormat("members like the %d of %s", sample.size(), question.sample);
  }
  MUTUAL_ASSIGN_OR_RETURN(const study::Planner planner,
                          study::Planner::Create(planned.study, sample));
  MUTUAL_ASSIGN_OR_RETURN(const double node_noise,
                          NodeNoise(planned.study, planner.recipe(), planned.members.size()));
  MUTUAL_ASSIGN_OR_RETURN(planned.cost, CostOf(planned.study, question));
  planned.scenario = ScenarioOf(question, planned.members, node_noise);
  planned.plan = planner.At(planned.scenario);
  if (planned.plan.has_nodes) {
    planned.least_members = planner.LeastMembers(planned.scenario);
    planned.most_noise = planner.MostNoise(planned.scenario);
    if (planned.most_noise) *planned.most_noise *= planned.study.privacy.noise_multiplier;
  }
  if (!question.sweep.empty()) {
    if (!options.json) PrintPlan(planned, question);
    return PrintSweep(options, Sweep(planner, planned, question), question);
  }
  if (options.json) {
    std::printf("%s\n", ToJson(planned).dump(2).c_str());
  } else {
    PrintPlan(planned, question);
  }
  return absl::OkStatus();
}

}  // namespace mutual::research
