#include "client/scrutineer/study_reader.h"

#include <algorithm>

#include "base/status.h"

namespace mutual::client {
namespace {

using aggregation::masking::InForce;
using aggregation::masking::RoundEnd;
using transparency::Entry;

void EndMandate(const std::string& node, uint64_t index, StudyHistory* study) {
  for (InForce& span : study->mandates[node]) span.until = std::min(span.until, index);
}

void TakeDecision(const EntryPlace& at, const Entry& entry, StudyHistory* study) {
  const std::string node = entry.Text("node").value_or("");
  EndMandate(node, at.index, study);
  if (entry.type() == "mandate") study->mandates[node].push_back({at.index});
}

absl::Status TakeMaskEntry(const EntryPlace& at, const Entry& entry, StudyHistory* study) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string node, entry.Text("node"));
  if (entry.type() == "scrutineer") {
    MUTUAL_ASSIGN_OR_RETURN(const Digest key, entry.Hash("x25519"));
    if (key == Digest{}) return absl::OkStatus();  // zero stands for a scrutineer without a key
    study->keys.push_back({at.index, node, key.bytes});
  } else if (entry.type() == "masks") {
    PublishedMasks masks{at.index, node, {}, {}};
    MUTUAL_ASSIGN_OR_RETURN(masks.commits, entry.ClassHashes("commit"));
    MUTUAL_ASSIGN_OR_RETURN(masks.sealed, entry.SealedHashes("sealed"));
    study->masks.push_back(std::move(masks));
  } else if (entry.type() == "keys-ok") {
    MUTUAL_ASSIGN_OR_RETURN(auto masks, entry.Integers("masks"));
    study->confirmations.push_back({at.index, node, std::move(masks)});
  } else if (entry.type() == "tally") {
    MUTUAL_ASSIGN_OR_RETURN(const uint64_t round, entry.Integer("round"));
    PublishedTally tally{at.index, node, 0, {}};
    MUTUAL_ASSIGN_OR_RETURN(tally.close, entry.Integer("close"));
    MUTUAL_ASSIGN_OR_RETURN(tally.sums, entry.ClassHashes("class-sum"));
    std::vector<PublishedTally>& all = study->rounds[round].tallies;
    const bool is_first = std::none_of(
        all.begin(), all.end(), [&](const PublishedTally& one) { return one.node == tally.node; });
    if (is_first) all.push_back(std::move(tally));
  }
  return absl::OkStatus();
}

absl::Status TakeDispute(const EntryPlace& at, const Entry& entry, StudyHistory* study) {
  PublishedDispute dispute;
  dispute.index = at.index;
  if (!entry.Has("class") || entry.Texts("about").size() != 1) return absl::OkStatus();
  if (entry.Has("round")) {
    MUTUAL_ASSIGN_OR_RETURN(dispute.round, entry.Integer("round"));
  }
  MUTUAL_ASSIGN_OR_RETURN(dispute.by, entry.Text("node"));
  dispute.about = entry.Texts("about")[0];
  MUTUAL_ASSIGN_OR_RETURN(dispute.code, entry.Text("code"));
  MUTUAL_ASSIGN_OR_RETURN(dispute.entries, entry.Integers("entry"));
  MUTUAL_ASSIGN_OR_RETURN(dispute.mask_class, entry.Integer("class"));
  if (entry.Has("ephemeral-secret")) {
    MUTUAL_ASSIGN_OR_RETURN(const Digest ephemeral, entry.Hash("ephemeral-secret"));
    dispute.ephemeral = ephemeral;
    MUTUAL_ASSIGN_OR_RETURN(dispute.ciphertext, entry.Text("ciphertext"));
  }
  study->disputes.push_back(std::move(dispute));
  return absl::OkStatus();
}

// The first proposal counts.
absl::Status TakePropose(const Entry& entry, StudyHistory* study) {
  if (study->last_round) return absl::OkStatus();
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t rounds, entry.Integer("rounds"));
  MUTUAL_ASSIGN_OR_RETURN(study->expires, entry.Time("expires"));
  study->last_round = rounds;
  return absl::OkStatus();
}

absl::Status TakeRoundEntry(const EntryPlace& at, const Entry& entry, StudyHistory* study) {
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t number, entry.Integer("round"));
  const std::string& type = entry.type();
  if (type == "abandon") study->is_broken_off = true;
  if (number == 0) return absl::OkStatus();  // the study ended before its first round
  if (type == "contribution") {
    MUTUAL_ASSIGN_OR_RETURN(const std::string name, entry.Text("node"));
    MUTUAL_ASSIGN_OR_RETURN(const NodeId node, NodeId::Parse(name));
    MUTUAL_ASSIGN_OR_RETURN(const uint64_t words, entry.Integer("vector-len"));
    study->contributions.push_back({at.index, node, number, words});
    return absl::OkStatus();
  }
  PublishedRound& round = study->rounds[number];
  if (type == "round-start" && round.start == 0) round.start = at.index;
  if (type == "release" && round.release == 0) round.release = at.index;
  if (type == "close") {
    MUTUAL_ASSIGN_OR_RETURN(auto named, entry.Integers("contribution"));
    round.ends.push_back({at.index, RoundEnd::Kind::kClose, at.leaf, std::move(named)});
  } else if (type == "abandon") {
    round.ends.push_back({at.index, RoundEnd::Kind::kAbandon, at.leaf, {}});
  }
  return absl::OkStatus();
}

}  // namespace

void TakeStudyEntry(const EntryPlace& at, const Entry& entry, StudyHistory* study) {
  const std::string& type = entry.type();
  absl::Status taken;  // an entry that is not what its type wants is void
  if (type == "mandate" || type == "objection" || type == "withdraw") {
    TakeDecision(at, entry, study);
  } else if (type == "scrutineer" || type == "masks" || type == "keys-ok" || type == "tally") {
    taken = TakeMaskEntry(at, entry, study);
  } else if (type == "dispute") {
    taken = TakeDispute(at, entry, study);
  } else if (type == "propose") {
    taken = TakePropose(entry, study);
  } else if (type == "incident") {
    study->is_broken_off = true;  // an incident that names a study is its end
  } else if (type == "round-start" || type == "contribution" || type == "close" ||
             type == "abandon" || type == "release") {
    taken = TakeRoundEntry(at, entry, study);
  }
  (void)taken;
}

}  // namespace mutual::client
