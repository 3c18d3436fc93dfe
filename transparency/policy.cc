#include "transparency/policy.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/status.h"
#include "transparency/cosignature.h"

namespace mutual::transparency {
namespace {

std::string WithUrl(const std::string& line, const std::string& url) {
  return url.empty() ? line + "\n" : line + " " + url + "\n";
}

std::string ThresholdText(const PolicyGroup& group) {
  if (group.threshold == group.members.size()) return "all";
  return group.threshold == 1 ? "any" : std::to_string(group.threshold);
}

}  // namespace

std::string Policy::ToText() const {
  std::string text;
  for (const PolicyLog& log : logs_) text += WithUrl("log " + log.key.ToVkey(), log.url);
  for (const PolicyWitness& witness : witnesses_) {
    text += WithUrl("witness " + witness.name + " " + witness.key.ToVkey(), witness.url);
  }
  for (const PolicyGroup& group : groups_) {
    text += "group " + group.name + " " + ThresholdText(group);
    for (const std::string& member : group.members) text += " " + member;
    text += "\n";
  }
  return text + "quorum " + quorum_ + "\n";
}

bool Policy::HasQuorum(const std::vector<std::string>& cosigned_by) const {
  if (quorum_ == "none") return true;
  std::set<std::string> reached(cosigned_by.begin(), cosigned_by.end());
  for (const PolicyGroup& group : groups_) {  // members are defined before their group
    const auto count =
        std::count_if(group.members.begin(), group.members.end(),
                      [&](const std::string& name) { return reached.count(name) > 0; });
    if (static_cast<size_t>(count) >= group.threshold) reached.insert(group.name);
  }
  return reached.count(quorum_) > 0;
}

absl::StatusOr<Evaluation> Policy::Evaluate(std::string_view checkpoint) const {
  Evaluation evaluation;
  SignedCheckpoint& opened = evaluation.signed_checkpoint;
  MUTUAL_ASSIGN_OR_RETURN(opened.note, ParseNote(checkpoint));
  MUTUAL_ASSIGN_OR_RETURN(opened.checkpoint, ParseCheckpoint(opened.note.text));
  std::vector<NoteVerifier> log_keys, witness_keys;
  for (const PolicyLog& log : logs_) {
    if (log.key.name() == opened.checkpoint.origin) log_keys.push_back(log.key);
  }
  if (log_keys.empty()) {
    return PermissionDenied("the checkpoint is of the log %s, which the policy does not list",
                            opened.checkpoint.origin);
  }
  const absl::StatusOr<Note> by_log = VerifyNote(opened.note, log_keys);
  if (!by_log.ok()) return Annotate(by_log.status(), "log signature of the checkpoint");
  for (const PolicyWitness& witness : witnesses_) witness_keys.push_back(witness.key);
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<Cosignature> cosignatures,
                          ReadCosignatures(opened.note, witness_keys));
  for (const Cosignature& cosignature : cosignatures) {
    const auto witness =
        std::find_if(witnesses_.begin(), witnesses_.end(),
                     [&](const PolicyWitness& w) { return w.key == cosignature.witness; });
    evaluation.cosigned_by.push_back(witness->name);
    const uint64_t time = cosignature.unix_seconds;
    evaluation.oldest = std::min(evaluation.oldest.value_or(time), time);
    evaluation.newest = std::max(evaluation.newest.value_or(time), time);
  }
  evaluation.has_quorum = HasQuorum(evaluation.cosigned_by);
  return evaluation;
}

absl::StatusOr<Evaluation> Policy::RequireQuorum(std::string_view checkpoint) const {
  MUTUAL_ASSIGN_OR_RETURN(Evaluation evaluation, Evaluate(checkpoint));
  if (!evaluation.has_quorum) {
    return WithCode(
        FailedPrecondition("the checkpoint is cosigned by %d of the policy's %d witnesses, "
                           "which is no quorum \"%s\"; wait for more or ask them why",
                           evaluation.cosigned_by.size(), witnesses_.size(), quorum_),
        "NO_QUORUM");
  }
  return evaluation;
}

size_t Policy::LeastOverlap() const {
  std::map<std::string, size_t> overlap;
  for (const PolicyWitness& witness : witnesses_) overlap[witness.name] = 1;
  for (const PolicyGroup& group : groups_) {
    // Two choices of k of n members share at least 2k − n of them, at best the weakest ones.
    std::vector<size_t> members;
    for (const std::string& member : group.members) members.push_back(overlap[member]);
    std::sort(members.begin(), members.end());
    const size_t n = members.size();
    const size_t shared = 2 * group.threshold > n ? 2 * group.threshold - n : 0;
    size_t sum = 0;
    for (size_t i = 0; i < shared; ++i) sum += members[i];
    overlap[group.name] = sum;
  }
  const auto quorum = overlap.find(quorum_);
  return quorum == overlap.end() ? 0 : quorum->second;
}

absl::Status CheckQuorumBound(const QuorumBound& bound) {
  const auto [k, n, f] = bound;
  const bool in_range = k >= 1 && k <= n;
  if (in_range && k > n - k && k - (n - k) > f) return absl::OkStatus();
  return InvalidArgument(
      "a quorum of %d of %d witnesses lets %d dishonest ones cosign a fork; "
      "want 2k - n > f with 1 <= k <= n",
      k, n, f);
}

}  // namespace mutual::transparency
