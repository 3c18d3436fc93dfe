// Rounds: started in order, contributed to by their roster, closed or abandoned once.
#include <algorithm>
#include <set>

#include "absl/strings/str_format.h"
#include "aggregation/masking/mask_sum.h"
#include "crypto/digest.h"
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

// Organisations whose mandate covers the round now.
std::set<std::string> Mandated(const StudyHistory& study, uint64_t round, History& history) {
  std::set<std::string> names;
  for (const auto& [name, decision] : study.decisions) {
    const Member* member = history.FindNode(name);
    if (!decision.accepted || decision.from_round > round || member == nullptr || member->gone_at) {
      continue;
    }
    if (decision.withdrawn_from && *decision.withdrawn_from <= round) continue;
    names.insert(name);
  }
  return names;
}

// Of these, the first `count` whose mask keys were confirmed, and still are.
std::set<std::string> Confirmed(const MaskHistory& masks, const std::set<std::string>& mandated,
                                size_t count) {
  std::set<std::string> names;
  for (size_t i = 0; i < count; ++i) {
    if (mandated.count(masks.confirmed[i]) > 0) names.insert(masks.confirmed[i]);
  }
  return names;
}

// The roster that the round should have; the one with that digest, when there is a choice.
std::set<std::string> RosterOf(const Digest& digest, const StudyHistory& study,
                               const std::set<std::string>& mandated) {
  const size_t confirmed = study.masks.confirmed.size();
  const std::set<std::string> all =
      study.masks.is_masked() ? Confirmed(study.masks, mandated, confirmed) : mandated;
  // A roster that was fixed when the study began may stay: absent nodes only do not contribute.
  if (digest != RosterDigest(all) && !study.rounds.empty() &&
      digest == RosterDigest(study.rounds.back().roster)) {
    return study.rounds.back().roster;
  }
  if (digest == RosterDigest(all) || !study.masks.is_masked()) return all;
  // The join window ends when the coordinator says so: keys confirmed after it may not count yet.
  for (size_t count = confirmed; count >= study.terms.min_nodes && count > 0; --count) {
    const std::set<std::string> fewer = Confirmed(study.masks, mandated, count - 1);
    if (digest == RosterDigest(fewer)) return fewer;
  }
  return all;
}

void CheckRoster(const Located& at, const Rulebook& rules, const StudyHistory& study,
                 Round* round) {
  rules.findings->Count("ROSTER");
  const char* const whom =
      study.masks.is_masked() ? "a mandate and confirmed mask keys" : "a mandate";
  const Digest digest = at.Hash("roster");
  round->roster = RosterOf(digest, study, Mandated(study, round->number, *rules.history));
  if (digest != RosterDigest(round->roster) || at.Integer("roster-size") != round->roster.size()) {
    Fail("ROSTER", at, rules,
         absl::StrFormat("has another roster than the %d organisations with %s",
                         round->roster.size(), whom));
  } else if (round->roster.size() < study.terms.min_nodes) {
    Fail("ROSTER", at, rules,
         absl::StrFormat("has %d organisations with %s, want at least %d", round->roster.size(),
                         whom, study.terms.min_nodes));
  }
}

void CheckModel(const Located& at, const Rulebook& rules, const StudyHistory& study,
                const Round& round) {
  rules.findings->Count("MODEL");
  const bool trains = round.terms.recipe == "train";
  if (trains != round.model_before.has_value()) {
    return Fail("MODEL", at, rules,
                trains ? "names no model to train" : "names a model, but the study trains none");
  }
  if (study.rounds.empty() || !trains || study.rounds.back().model_after == round.model_before) {
    return;
  }
  Fail("MODEL", at, rules, "starts from another model than the round before released");
}

// The order of rounds; false when there is no such study.
bool CheckOrder(const Located& at, const Rulebook& rules, const StudyHistory* study) {
  rules.findings->Count("ROUND");
  if (study == nullptr || !study->propose) {
    Fail("ROUND", at, rules, "starts a round of a study that was not proposed");
    return false;
  }
  if (at.Integer("propose") != *study->propose) {
    Fail("ROUND", at, rules,
         absl::StrFormat("names %s as the proposal, which is %s", Grouped(at.Integer("propose")),
                         Grouped(*study->propose)));
  }
  if (study->unbegun) {
    Fail("ROUND", at, rules,
         absl::StrFormat("starts a round of a study that %s ended", Grouped(*study->unbegun)));
  }
  const uint64_t want = study->rounds.empty() ? 1 : study->rounds.back().number + 1;
  if (at.Integer("round") != want) {
    Fail("ROUND", at, rules,
         absl::StrFormat("starts round %d, want %d", at.Integer("round"), want));
  } else if (want > study->terms.rounds) {
    Fail("ROUND", at, rules, absl::StrFormat("starts round %d of %d", want, study->terms.rounds));
  } else if (!study->rounds.empty() && !study->rounds.back().IsOver()) {
    Fail("ROUND", at, rules, "starts before the round before it was released or abandoned");
  }
  return true;
}

void CheckBudget(const Located& at, const Rulebook& rules, const StudyHistory& study,
                 const Round& round) {
  rules.findings->Count("BUDGET");
  const auto found = study.decisions.find(at.Text("node"));
  if (found == study.decisions.end()) return;
  const Decision& decision = found->second;
  // Epsilon grows with the rounds: a mandate that covers the whole study covers each.
  const auto covers = [&decision](double node, double open) {
    return node <= decision.max_epsilon_node.value_or(node) &&
           open <= decision.max_epsilon_public.value_or(open);
  };
  if (!decision.max_epsilon_node && !decision.max_epsilon_public) return;
  const uint64_t all = std::max(study.terms.rounds, round.number);
  if (covers(rules.epsilons->Node(round.terms, all),
             rules.epsilons->Public(round.terms, all, round.terms.min_nodes))) {
    return;
  }
  const double node = rules.epsilons->Node(round.terms, round.number);
  const double open = rules.epsilons->Public(round.terms, round.number, round.terms.min_nodes);
  if (covers(node, open)) return;
  const bool over_node = decision.max_epsilon_node && node > *decision.max_epsilon_node;
  Fail("BUDGET", at, rules,
       absl::StrFormat("takes %s to epsilon %.4g, its mandate allows %.4g", at.Text("node"),
                       over_node ? node : open,
                       over_node ? *decision.max_epsilon_node : *decision.max_epsilon_public));
}

void CheckCounted(const Located& at, const Rulebook& rules, const Round& round) {
  std::set<uint64_t> seen;
  for (const uint64_t index : at.Integers("contribution")) {
    if (!seen.insert(index).second) {
      Fail("CLOSE", at, rules, absl::StrFormat("counts contribution %s twice", Grouped(index)));
    } else if (round.contributions.count(index) == 0) {
      Fail("CLOSE", at, rules,
           absl::StrFormat("counts %s, which is no contribution of its round", Grouped(index)));
    }
  }
  if (seen.size() < round.terms.min_nodes) {
    Fail("CLOSE", at, rules,
         absl::StrFormat("counts %d contributions, want at least %d", seen.size(),
                         round.terms.min_nodes));
  }
}

// Whether the round can still end; else a failure.
bool CheckStillOpen(const Located& at, const Rulebook& rules, const Round& round) {
  if (at.Integer("round-start") != round.start) {
    Fail("CLOSE", at, rules,
         absl::StrFormat("names %s as its round-start, which is %s",
                         Grouped(at.Integer("round-start")), Grouped(round.start)));
  }
  const bool is_abandon = at.entry().type() == "abandon";
  const std::optional<uint64_t> first = round.abandon                 ? round.abandon
                                        : is_abandon && round.release ? round.release
                                        : is_abandon                  ? std::nullopt
                                                                      : round.close;
  if (!first) return true;
  Fail("CLOSE", at, rules, absl::StrFormat("ends a round that %s ended", Grouped(*first)));
  return false;
}

}  // namespace

Digest RosterDigest(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  return crypto::Sha256(text);
}

Round* FindRound(const Located& at, const Rulebook& rules, const char* id) {
  StudyHistory* study = rules.history->FindStudy(at.Hash("study"));
  const uint64_t number = at.Integer("round");
  if (study != nullptr) {
    for (auto round = study->rounds.rbegin(); round != study->rounds.rend(); ++round) {
      if (round->number == number) return &*round;
    }
  }
  Fail(id, at, rules, absl::StrFormat("belongs to round %d, which was not started", number));
  return nullptr;
}

void ReplayRoundStart(const Located& at, const Rulebook& rules) {
  StudyHistory* study = rules.history->FindStudy(at.Hash("study"));
  if (!CheckOrder(at, rules, study)) return;
  Round round;
  round.number = at.Integer("round");
  round.start = at.index;
  round.time = at.Text("time");
  round.deadline = at.Text("deadline");
  round.roster_size = at.Integer("roster-size");
  round.model_before = at.MaybeHash("model");
  const auto clip = at.entry().Real("gradient-clip");
  if (at.entry().Has("gradient-clip") && clip.ok()) round.gradient_clip = *clip;
  const auto terms = StudyTerms::Of(at.entry());
  if (terms.ok()) round.terms = *terms;
  rules.findings->Count("TERMS");
  if (!(round.terms == study->terms)) {
    Fail("TERMS", at, rules,
         "has other terms than the proposal: " + DifferenceOf(study->terms, round.terms));
  }
  CheckScrutineersAgain(at, rules, study);
  CheckRoster(at, rules, *study, &round);
  round.confirmed = {study->masks.confirmed.begin(), study->masks.confirmed.end()};
  CheckModel(at, rules, *study, round);
  // Of rounds that are over only the last is referred to again.
  if (study->rounds.size() > 1) {
    Round& old = study->rounds[study->rounds.size() - 2];
    old.by_node.clear();
    old.confirmed.clear();
    old.tallies.clear();
    old.votes.clear();
    old.contributions.clear();
    old.roster.clear();
  }
  study->rounds.push_back(std::move(round));
}

void ReplayContribution(const Located& at, const Rulebook& rules) {
  rules.findings->Count("CONTRIB");
  Round* round = FindRound(at, rules, "CONTRIB");
  if (round == nullptr) return;
  StudyHistory& study = *rules.history->FindStudy(at.Hash("study"));
  if (round->number + 2 <= study.rounds.back().number) return;  // late, counted nowhere
  const std::string node = at.Text("node");
  if (study.masks.is_masked() && round->confirmed.count(node) == 0) {
    Fail("KEYS-OK", at, rules,
         "is by " + node + ", whose mask keys too few scrutineers had confirmed before the round");
  }
  if (round->roster.count(node) == 0) {
    return Fail("CONTRIB", at, rules, "is by " + node + ", who is not on the roster");
  }
  // A masked vector is padded, so that its digest cannot be guessed.
  const uint64_t words = study.masks.is_masked()
                             ? aggregation::masking::PaddedWords(round->terms.vector_length)
                             : round->terms.vector_length;
  if (at.Integer("vector-len") != words) {
    Fail("CONTRIB", at, rules,
         absl::StrFormat("has %d values, want %d", at.Integer("vector-len"), words));
  }
  const auto [place, is_first] = round->by_node.emplace(node, at.index);
  if (!is_first) {
    return Fail(
        "CONTRIB", at, rules,
        absl::StrFormat("is a second one by %s, first was %s", node, Grouped(place->second)));
  }
  round->contributions.emplace(at.index, node);
  ++round->contribution_count;
  ++study.contributed[node];
  CheckBudget(at, rules, study, *round);
}

void ReplayClose(const Located& at, const Rulebook& rules) {
  rules.findings->Count("CLOSE");
  Round* round = FindRound(at, rules, "CLOSE");
  if (round == nullptr || !CheckStillOpen(at, rules, *round)) return;
  round->close = at.index;
  round->counted = at.Integers("contribution");
  CheckCounted(at, rules, *round);
  StudyHistory& study = *rules.history->FindStudy(at.Hash("study"));
  for (const uint64_t index : std::set<uint64_t>(round->counted.begin(), round->counted.end())) {
    const auto found = round->contributions.find(index);
    if (found != round->contributions.end()) ++study.counted[found->second];
  }
}

// A study that ends before its first round.
void ReplayUnbegun(const Located& at, const Rulebook& rules) {
  StudyHistory* study = rules.history->FindStudy(at.Hash("study"));
  if (study == nullptr || !study->propose) {
    return Fail("CLOSE", at, rules, "ends a study that was not proposed");
  }
  if (study->unbegun) {
    return Fail("CLOSE", at, rules,
                absl::StrFormat("ends a study that %s ended", Grouped(*study->unbegun)));
  }
  if (!study->rounds.empty()) {
    return Fail("CLOSE", at, rules, "says that the study has had no round, but it has");
  }
  study->unbegun = at.index;
  study->unbegun_code = at.Text("code");
}

void ReplayAbandon(const Located& at, const Rulebook& rules) {
  rules.findings->Count("CLOSE");
  if (at.Integer("round") == 0) return ReplayUnbegun(at, rules);
  Round* round = FindRound(at, rules, "CLOSE");
  if (round == nullptr || !CheckStillOpen(at, rules, *round)) return;
  round->abandon = at.index;
  round->abandon_code = at.Text("code");
  JudgeClassSums(rules.history->FindStudy(at.Hash("study")), *round, rules.findings);
}

}  // namespace mutual::audit
