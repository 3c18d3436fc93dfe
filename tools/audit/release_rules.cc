// What was released, after what, and what it cost in privacy.
#include <algorithm>
#include <limits>
#include <set>
#include <span>

#include "absl/strings/str_format.h"
#include "base/encoding.h"
#include "privacy/study_phase.h"
#include "tools/audit/rules.h"

namespace mutual::audit {
namespace {

using transparency::StudyTerms;

void Fail(const char* id, const Located& at, const Rulebook& rules, const std::string& why) {
  rules.findings->Fail(id,
                       absl::StrFormat("%s: %s %s %s", ShortStudy(at.Hash("study")),
                                       at.entry().type(), Grouped(at.index), why),
                       at.index);
}

// What the release counts, against what the close did. False when the round was not closed.
bool CheckCounts(const Located& at, const Rulebook& rules, StudyHistory* study,
                 const Round& round) {
  if (!round.close || round.abandon) {
    Fail("RELEASE", at, rules,
         round.abandon ? "releases an abandoned round"
                       : "releases a round that was not closed before");
    return false;
  }
  if (at.Integer("round-start") != round.start || at.Integer("close") != *round.close) {
    Fail("RELEASE", at, rules,
         absl::StrFormat("names round-start %s and close %s, want %s and %s",
                         Grouped(at.Integer("round-start")), Grouped(at.Integer("close")),
                         Grouped(round.start), Grouped(*round.close)));
  }
  const std::set<uint64_t> counted(round.counted.begin(), round.counted.end());
  if (at.Integer("count") != counted.size()) {
    Fail("RELEASE", at, rules,
         absl::StrFormat("claims %d contributions, its close counts %d", at.Integer("count"),
                         counted.size()));
  }
  const uint64_t least = study->least_count == 0
                             ? counted.size()
                             : std::min<uint64_t>(study->least_count, counted.size());
  study->least_count = least;
  if (at.Integer("least-count") != least) {
    Fail("RELEASE", at, rules,
         absl::StrFormat("claims that no round counted fewer than %d, want %d",
                         at.Integer("least-count"), least));
  }
  return true;
}

void CheckEpsilons(const Located& at, const Rulebook& rules, const StudyHistory& study,
                   const Round& round) {
  rules.findings->Count("EPSILON");
  const double node = rules.epsilons->Node(study.terms, study.terms.rounds);
  const double open = rules.epsilons->Public(study.terms, study.terms.rounds, study.least_count);
  const double slack = 1 - 1e-9;  // other machines' last digits
  if (round.epsilon_node >= node * slack && round.epsilon_public >= open * slack) return;
  if (at.Text("accountant") == "pld") {
    return rules.findings->Skip(
        "EPSILON", absl::StrFormat("%s: release %s claims epsilons of a privacy-loss distribution, "
                                   "below the Renyi figures %.4g and %.4g; this program computes "
                                   "only those",
                                   ShortStudy(study.digest), Grouped(at.index), node, open));
  }
  Fail("EPSILON", at, rules,
       absl::StrFormat("claims epsilons %.4g and %.4g, recomputed %.4g and %.4g",
                       round.epsilon_node, round.epsilon_public, node, open));
}

void CheckOutput(const Located& at, const Rulebook& rules, const Round& round) {
  rules.findings->Count("MODEL");
  const bool trains = round.terms.recipe == "train";
  if (trains != round.model_after.has_value()) {
    Fail("MODEL", at, rules,
         trains ? "names no model" : "names a model, but the study trains none");
  }
  if (!trains && !round.result) Fail("RELEASE", at, rules, "names no result");
}

}  // namespace

double EpsilonCache::Of(const privacy::Phase& phase, double delta) {
  const Key key{phase.noise_multiplier, phase.sampling_rate, delta, phase.rounds};
  const auto found = kept_.find(key);
  if (found != kept_.end()) return found->second;
  const auto epsilon = privacy::EpsilonOf(std::span(&phase, 1), delta);
  return kept_[key] = epsilon.ok() ? epsilon->epsilon : std::numeric_limits<double>::infinity();
}

double EpsilonCache::Node(const StudyTerms& terms, uint64_t rounds) {
  return Of(privacy::NodePhase(terms.cost().Over(rounds)), terms.delta);
}

double EpsilonCache::Public(const StudyTerms& terms, uint64_t rounds, uint64_t count) {
  const uint64_t honest = count > terms.assumed_colluders ? count - terms.assumed_colluders : 1;
  const int capped = static_cast<int>(std::min<uint64_t>(honest, 1'000'000));
  return Of(privacy::PublicPhase(terms.cost().Over(rounds), capped), terms.delta);
}

std::string DifferenceOf(const StudyTerms& from, const StudyTerms& to) {
  std::string text;
  const auto say = [&](const char* name, const std::string& before, const std::string& now) {
    if (before != now && text.empty()) text = std::string(name) + " " + before + ", now " + now;
  };
  say("recipe", from.recipe, to.recipe);
  say("vector-len", std::to_string(from.vector_length), std::to_string(to.vector_length));
  say("rounds", std::to_string(from.rounds), std::to_string(to.rounds));
  say("local-steps", std::to_string(from.local_steps), std::to_string(to.local_steps));
  say("noise-multiplier", FormatDouble(from.noise_multiplier), FormatDouble(to.noise_multiplier));
  say("sampling-rate", FormatDouble(from.sampling_rate), FormatDouble(to.sampling_rate));
  say("delta", FormatDouble(from.delta), FormatDouble(to.delta));
  say("clip", FormatDouble(from.member_bound), FormatDouble(to.member_bound));
  say("min-nodes", std::to_string(from.min_nodes), std::to_string(to.min_nodes));
  say("assumed-colluders", std::to_string(from.assumed_colluders),
      std::to_string(to.assumed_colluders));
  return text;
}

void ReplayRelease(const Located& at, const Rulebook& rules) {
  rules.findings->Count("RELEASE");
  Round* round = FindRound(at, rules, "RELEASE");
  if (round == nullptr) return;
  if (round->release) {
    return Fail("RELEASE", at, rules,
                absl::StrFormat("releases a round that %s released", Grouped(*round->release)));
  }
  StudyHistory& study = *rules.history->FindStudy(at.Hash("study"));
  const bool is_closed = CheckCounts(at, rules, &study, *round);
  round->release = at.index;
  round->sum = at.MaybeHash("sum");
  round->model_after = at.MaybeHash("model");
  round->result = at.MaybeHash("result");
  round->epsilon_node = at.Real("epsilon-node");
  round->epsilon_public = at.Real("epsilon-public");
  rules.findings->Count("TERMS");
  const auto terms = StudyTerms::Of(at.entry());
  if (terms.ok() && !(*terms == round->terms)) {
    Fail("TERMS", at, rules,
         "has other terms than its round-start: " + DifferenceOf(round->terms, *terms));
  }
  CheckOutput(at, rules, *round);
  if (!is_closed) return;
  CheckTallies(at, rules, &study, round);
  CheckEpsilons(at, rules, study, *round);
}

}  // namespace mutual::audit
