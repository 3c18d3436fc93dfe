// Tallies: by the scrutineers, for the close that counts, and in agreement about every mask class.
#include <algorithm>
#include <set>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "aggregation/masking/trust_bound.h"
#include "tools/audit/rules.h"

namespace mutual::audit {
namespace {

void Fail(const char* id, const Located& at, const Rulebook& rules, const std::string& why) {
  rules.findings->Fail(id,
                       absl::StrFormat("%s: %s %s %s", ShortStudy(at.Hash("study")),
                                       at.entry().type(), Grouped(at.index), why),
                       at.index);
}

std::vector<transparency::ClassHash> SumsOf(const Located& at) {
  return at.entry().ClassHashes("class-sum").value_or(std::vector<transparency::ClassHash>{});
}

// A tally names every class that its scrutineer holds, once, and no other.
bool NamesHeldClasses(const Located& at, const MaskHistory& masks, uint32_t scrutineer) {
  std::vector<uint64_t> named;
  for (const auto& sum : SumsOf(at)) named.push_back(sum.mask_class);
  std::sort(named.begin(), named.end());
  const std::vector<uint32_t> held = masks.classes->ClassesOf(scrutineer);
  return std::equal(named.begin(), named.end(), held.begin(), held.end());
}

// Whether the tally is one of its round, in a study with masks; else a failure.
bool CheckTally(const Located& at, const Rulebook& rules, const StudyHistory& study,
                const Round& round) {
  const std::string node = at.Text("node");
  const auto number = study.masks.NumberOf(node);
  if (!number || !study.masks.is_masked()) {
    Fail("TALLY", at, rules, "is by " + node + ", who is no scrutineer of the study");
    return false;
  }
  if (!round.close || *round.close != at.Integer("close")) {
    Fail("TALLY", at, rules,
         absl::StrFormat("is for %s, which is not the close that counts",
                         Grouped(at.Integer("close"))));
    return false;
  }
  if (!NamesHeldClasses(at, study.masks, *number)) {
    Fail("TALLY", at, rules,
         absl::StrFormat("does not name the mask classes %s, which %s holds, once each",
                         absl::StrJoin(study.masks.classes->ClassesOf(*number), ", "), node));
    return false;
  }
  const auto seen = at.entry().Head("seen");
  if (seen.ok() && seen->size <= *round.close) {
    Fail("TALLY", at, rules,
         absl::StrFormat("is by %s, who had seen only %s entries, and so no close", node,
                         Grouped(seen->size)));
  }
  return true;
}

// What a strict majority of all holders published, among `scrutineers`.
std::optional<Digest> AgreedSum(const MaskHistory& masks, const Round& round, uint32_t mask_class,
                                const std::set<std::string>& scrutineers) {
  const auto votes = round.votes.find(mask_class);
  if (votes == round.votes.end()) return std::nullopt;
  for (const auto& [digest, names] : votes->second) {
    const auto count = std::count_if(names.begin(), names.end(), [&](const std::string& name) {
      return scrutineers.count(name) > 0;
    });
    if (count >= aggregation::masking::HolderMajority(masks.classes->threshold())) return digest;
  }
  return std::nullopt;
}

// Once for each scrutineer and class: a round is judged again when a tally comes late.
bool IsNews(const std::string& who, const Round& round, uint32_t mask_class, MaskHistory* masks) {
  return masks->outvoted
      .insert(absl::StrFormat("%s in class %d of round %d", who, mask_class, round.number))
      .second;
}

void ReportOutvoted(StudyHistory* study, const Round& round, uint32_t mask_class,
                    const std::set<std::string>& names, Findings* findings) {
  for (const std::string& name : names) {
    if (!IsNews(name, round, mask_class, &study->masks)) continue;
    const uint64_t index = round.tallies.at(name);
    findings->Fail("CLASS-SUM",
                   absl::StrFormat("%s: tally %s of %s has another sum of mask class %d than most "
                                   "of its holders",
                                   ShortStudy(study->digest), Grouped(index), name, mask_class),
                   index);
  }
}

}  // namespace

void ReplayTally(const Located& at, const Rulebook& rules) {
  rules.findings->Count("TALLY");
  Round* round = FindRound(at, rules, "TALLY");
  if (round == nullptr) return;
  StudyHistory& study = *rules.history->FindStudy(at.Hash("study"));
  if (round->number + 2 <= study.rounds.back().number) return;  // late, its round is not kept
  if (!CheckTally(at, rules, study, *round)) return;
  const std::string node = at.Text("node");
  if (!round->tallies.emplace(node, at.index).second) {
    return Fail("TALLY", at, rules, "is a second one by " + node);
  }
  ++study.masks.tallied[node];
  for (const auto& sum : SumsOf(at)) {
    round->votes[static_cast<uint32_t>(sum.mask_class)][sum.hash].insert(node);
  }
  // A round that is over was judged without this one.
  if (round->IsOver()) JudgeClassSums(&study, *round, rules.findings);
}

void CheckTallies(const Located& at, const Rulebook& rules, StudyHistory* study, Round* round) {
  std::set<uint64_t> named;
  std::set<std::string> scrutineers;
  round->rests_on = at.Integers("tally");
  for (const uint64_t index : round->rests_on) {
    const auto tally = std::find_if(round->tallies.begin(), round->tallies.end(),
                                    [index](const auto& one) { return one.second == index; });
    if (tally == round->tallies.end() || !named.insert(index).second) {
      Fail(
          "RELEASE", at, rules,
          absl::StrFormat("rests on %s, which is no tally of its close, or twice", Grouped(index)));
      continue;
    }
    scrutineers.insert(tally->first);
  }
  if (!study->masks.is_masked()) return;
  for (uint32_t c = 0; c < study->masks.classes->size(); ++c) {
    rules.findings->Count("CLASS-SUM");
    if (AgreedSum(study->masks, *round, c, scrutineers)) continue;
    Fail(
        "CLASS-SUM", at, rules,
        absl::StrFormat("rests on %d tallies, in which no majority of %s agrees on the sum of mask "
                        "class %d",
                        scrutineers.size(), absl::StrJoin(study->masks.HoldersOf(c), ", "), c));
  }
  JudgeClassSums(study, *round, rules.findings);
}

void JudgeClassSums(StudyHistory* study, const Round& round, Findings* findings) {
  std::set<std::string> all;
  for (const auto& [name, index] : round.tallies) all.insert(name);
  for (const auto& [mask_class, votes] : round.votes) {
    if (votes.size() < 2) continue;
    const auto agreed = AgreedSum(study->masks, round, mask_class, all);
    for (const auto& [digest, names] : votes) {
      if (agreed && digest != *agreed) ReportOutvoted(study, round, mask_class, names, findings);
    }
    if (agreed || !IsNews("somebody", round, mask_class, &study->masks)) continue;
    findings->Fail(
        "CLASS-SUM",
        absl::StrFormat("%s: round %d has %d different sums of mask class %d and no "
                        "majority: one of its holders lied, nobody can tell which",
                        ShortStudy(study->digest), round.number, votes.size(), mask_class),
        round.start);
  }
}

}  // namespace mutual::audit
