// Disputes: what they are about exists, and whoever was caught lying about a key is named.
#include <algorithm>
#include <set>

#include "absl/strings/str_format.h"
#include "base/encoding.h"
#include "crypto/key_agreement.h"
#include "tools/audit/rules.h"

namespace mutual::audit {
namespace {

using aggregation::masking::KeyReveal;
using aggregation::masking::Verdict;
using aggregation::masking::WrappedKey;

void Fail(const Located& at, const Rulebook& rules, const std::string& why) {
  rules.findings->Fail(
      "DISPUTE",
      absl::StrFormat("%s: dispute %s %s", ShortStudy(at.Hash("study")), Grouped(at.index), why),
      at.index);
}

bool IsAboutKeys(const std::string& code) {
  return code == "MASK_KEY_MISMATCH" || code == "MASK_KEY_MISSING";
}

// The entry of `kept` that the dispute names among its entries.
template <typename Value>
std::pair<const uint64_t, Value>* FindNamed(const Located& at, std::map<uint64_t, Value>* kept) {
  for (const uint64_t index : at.Integers("entry")) {
    const auto found = kept->find(index);
    if (found != kept->end()) return &*found;
  }
  return nullptr;
}

// A scrutineer says that a key sealed to it is bad or never came.
void TakeComplaint(const Located& at, const Rulebook& rules, MaskHistory* masks) {
  const std::string scrutineer = at.Text("node");
  const std::vector<std::string> about = at.entry().Texts("about");
  const auto number = masks->NumberOf(scrutineer);
  if (!number) return Fail(at, rules, "is by " + scrutineer + ", who is no scrutineer");
  auto* const named = FindNamed(at, &masks->masks);
  if (named == nullptr || about.size() != 1 || named->second.node != about[0]) {
    return Fail(at, rules, "names no masks of the one node that it is about");
  }
  const auto mask_class = static_cast<uint32_t>(std::min<uint64_t>(at.Integer("class"), 1000));
  if (!at.entry().Has("class") || !masks->classes->Holds(*number, mask_class)) {
    return Fail(at, rules, "is about a mask class that " + scrutineer + " does not hold");
  }
  named->second.is_disputed = true;
  masks->disputes[at.index] = {scrutineer, about[0], at.Text("code"), named->first, mask_class,
                               {},         {}};
}

// Who lied, from what the node reveals: the wrapping and its single-use key.
void Judge(const Located& at, const Rulebook& rules, const StudyHistory& study,
           LoggedDispute* dispute) {
  const MaskHistory& masks = study.masks;
  const LoggedMasks& logged = masks.masks.at(dispute->masks);
  const auto window = masks.WindowOf(logged.window, rules.history->origin, study.digest);
  const auto ephemeral = crypto::AgreementKey::FromBytes(at.Hash("ephemeral-secret").bytes);
  if (!window.ok() || !ephemeral.ok()) return;  // the masks were refused without a window
  const uint32_t number = *masks.NumberOf(dispute->scrutineer);
  const WrappedKey wrapped{dispute->mask_class, number, ephemeral->public_key(),
                           HexDecode(at.Text("ciphertext")).value_or("")};
  const KeyReveal reveal{
      {number, logged.commitments.node, logged.commitments.ToDigest(), dispute->mask_class},
      wrapped,
      ephemeral->private_key().Clone()};
  const auto verdict = aggregation::masking::JudgeDispute(*window, logged.commitments, reveal);
  if (!verdict.ok()) {
    return Fail(at, rules, "cannot be judged: " + std::string(verdict.status().message()));
  }
  dispute->verdict = *verdict;
}

// The node answers a complaint by revealing that one key.
void TakeAnswer(const Located& at, const Rulebook& rules, StudyHistory* study) {
  MaskHistory& masks = study->masks;
  auto* const named = FindNamed(at, &masks.disputes);
  const std::string node = at.Text("node");
  const std::vector<std::string> about = at.entry().Texts("about");
  if (named == nullptr || named->second.node != node || about.size() != 1 ||
      about[0] != named->second.scrutineer) {
    return Fail(at, rules, "reveals a key of " + node + " that nobody disputed before");
  }
  LoggedDispute& dispute = named->second;
  if (dispute.answer) return Fail(at, rules, "answers one that was answered already");
  dispute.answer = at.index;
  masks.masks.at(dispute.masks).is_revealed = true;
  if (!at.entry().Has("ephemeral-secret") || !at.entry().Has("ciphertext")) {
    return rules.findings->Skip(
        "DISPUTE",
        absl::StrFormat(
            "%s: dispute %s does not reveal key and ciphertext, so nobody can judge it from "
            "the log",
            ShortStudy(study->digest), Grouped(at.index)));
  }
  Judge(at, rules, *study, &dispute);
  if (!dispute.verdict) return;
  if (*dispute.verdict == Verdict::kScrutineerLied) {
    return Fail(
        at, rules,
        absl::StrFormat("proves that %s disputed a good key of %s", dispute.scrutineer, node));
  }
  Fail(at, rules,
       absl::StrFormat("proves that %s sealed another key for %s than it had committed to", node,
                       dispute.scrutineer));
}

// Somebody says that a scrutineer published a wrong class sum: its tally must stand alone in it.
void CheckAccusation(const Located& at, const Rulebook& rules, const Round& round) {
  const auto votes = round.votes.find(static_cast<uint32_t>(at.Integer("class")));
  for (const std::string& name : at.entry().Texts("about")) {
    const bool stands_alone =
        votes != round.votes.end() && votes->second.size() > 1 &&
        std::any_of(votes->second.begin(), votes->second.end(),
                    [&](const auto& vote) { return vote.second.count(name) > 0; });
    if (stands_alone) continue;
    Fail(at, rules,
         absl::StrFormat("accuses %s, whose sum of mask class %d nobody contradicted", name,
                         at.Integer("class")));
  }
}

}  // namespace

void ReplayDispute(const Located& at, const Rulebook& rules) {
  rules.findings->Count("DISPUTE");
  StudyHistory* study = rules.history->FindStudy(at.Hash("study"));
  if (study == nullptr || !study->propose || !study->masks.is_masked()) {
    return Fail(at, rules, "is about a study that was not proposed with scrutineers before");
  }
  for (const uint64_t index : at.Integers("entry")) {
    if (index >= at.index) Fail(at, rules, "refers to a later entry");
  }
  const std::string code = at.Text("code");
  if (at.entry().Has("ephemeral-secret") || at.entry().Has("ciphertext")) {
    return TakeAnswer(at, rules, study);
  }
  if (IsAboutKeys(code)) return TakeComplaint(at, rules, &study->masks);
  if (code != "CLASS_SUM_MISMATCH") return;
  const Round* round = FindRound(at, rules, "DISPUTE");
  if (round != nullptr) CheckAccusation(at, rules, *round);
}

void CheckOpenDisputes(const History& history, Findings* findings) {
  for (const StudyHistory* study : history.InOrder()) {
    for (const auto& [index, dispute] : study->masks.disputes) {
      if (dispute.answer) continue;
      findings->Skip("DISPUTE",
                     absl::StrFormat("%s: %s has not answered dispute %s of %s, so nobody can tell "
                                     "who lied",
                                     ShortStudy(study->digest), dispute.node, Grouped(index),
                                     dispute.scrutineer));
    }
  }
}

}  // namespace mutual::audit
