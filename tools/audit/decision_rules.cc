// What was proposed, and who agreed to it.
#include "absl/strings/str_format.h"
#include "tools/audit/rules.h"

namespace mutual::audit {
namespace {

using transparency::StudyTerms;

std::optional<double> MaybeReal(const Located& at, const char* key) {
  return at.entry().Has(key) ? std::optional<double>(at.Real(key)) : std::nullopt;
}

void FailMandate(const Located& at, const Rulebook& rules, const std::string& why) {
  rules.findings->Fail(
      "MANDATE",
      absl::StrFormat("entry %s: a %s of %s on %s %s", Grouped(at.index), at.entry().type(),
                      at.Text("node"), ShortStudy(at.Hash("study")), why),
      at.index);
}

// The claim and what it should not be below; the slack is for other machines' last digits.
bool IsBelow(double claimed, double recomputed) { return claimed < recomputed * (1 - 1e-9); }

}  // namespace

std::string ShortStudy(const Digest& study) { return "study " + study.Short() + "…"; }

void ReplayPropose(const Located& at, const Rulebook& rules) {
  Findings& findings = *rules.findings;
  findings.Count("PROPOSE");
  const Digest digest = at.Hash("study");
  StudyHistory& study = rules.history->studies[digest];
  if (study.propose) {
    findings.Fail("PROPOSE",
                  absl::StrFormat("entry %s proposes %s again, first was %s", Grouped(at.index),
                                  ShortStudy(digest), Grouped(*study.propose)),
                  at.index);
    return;
  }
  study.digest = digest;
  study.propose = at.index;
  study.title = at.Text("title");
  study.purpose = at.Text("purpose");
  study.researcher = at.Text("researcher");
  study.time = at.Text("time");
  study.expires = at.Text("expires");
  study.epsilon_node = at.Real("epsilon-node");
  study.epsilon_public = at.Real("epsilon-public");
  const auto terms = StudyTerms::Of(at.entry());
  if (terms.ok()) study.terms = *terms;
  CheckScrutineers(at, rules, &study);
  findings.Count("EPSILON");
  const double node = rules.epsilons->Node(study.terms, study.terms.rounds);
  const double open =
      rules.epsilons->Public(study.terms, study.terms.rounds, study.terms.min_nodes);
  if (IsBelow(study.epsilon_node, node) || IsBelow(study.epsilon_public, open)) {
    findings.Fail("EPSILON",
                  absl::StrFormat("entry %s: %s claims epsilons %.4g and %.4g, recomputed %.4g and "
                                  "%.4g",
                                  Grouped(at.index), ShortStudy(digest), study.epsilon_node,
                                  study.epsilon_public, node, open),
                  at.index);
  }
}

void ReplayDecision(const Located& at, const Rulebook& rules) {
  rules.findings->Count("MANDATE");
  StudyHistory* study = rules.history->FindStudy(at.Hash("study"));
  if (study == nullptr || !study->propose) {
    return FailMandate(at, rules, "that was not proposed before");
  }
  Decision decision;
  decision.index = at.index;
  decision.accepted = at.entry().type() == "mandate";
  decision.body = at.Text("body");
  decision.time = at.Text("time");
  decision.expires = at.Text("expires");
  if (at.entry().Has("from-round")) decision.from_round = at.Integer("from-round");
  decision.max_epsilon_node = MaybeReal(at, "max-epsilon-node");
  decision.max_epsilon_public = MaybeReal(at, "max-epsilon-public");
  const auto [place, is_first] = study->decisions.emplace(at.Text("node"), decision);
  if (!is_first) {
    FailMandate(
        at, rules,
        absl::StrFormat("which it decided on already, at %s", Grouped(place->second.index)));
  }
}

void ReplayWithdraw(const Located& at, const Rulebook& rules) {
  rules.findings->Count("MANDATE");
  StudyHistory* study = rules.history->FindStudy(at.Hash("study"));
  if (study == nullptr) return FailMandate(at, rules, "that was not proposed before");
  const auto found = study->decisions.find(at.Text("node"));
  if (found == study->decisions.end() || !found->second.accepted) {
    return FailMandate(at, rules, "to which it had given no mandate");
  }
  found->second.withdrawn_from = at.Integer("from-round");
}

}  // namespace mutual::audit
