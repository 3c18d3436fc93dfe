// What the log has said up to some index: members, studies, rounds. Plain data, filled by the rules
// (replayer.h) in the order of the entries.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "tools/audit/mask_history.h"
#include "transparency/note.h"
#include "transparency/policy.h"
#include "transparency/signed_entry.h"
#include "transparency/study_terms.h"

namespace mutual::audit {

// An entry of a known type at its place. The getters give a line's value, or its zero when the line
// may be missing and is.
struct Located {
  uint64_t index = 0;
  const transparency::SignedEntry* signed_entry = nullptr;

  const transparency::Entry& entry() const { return signed_entry->entry; }
  std::string Text(const char* key) const { return entry().Text(key).value_or(""); }
  uint64_t Integer(const char* key) const { return entry().Integer(key).value_or(0); }
  double Real(const char* key) const { return entry().Real(key).value_or(0); }
  Digest Hash(const char* key) const { return entry().Hash(key).value_or(Digest{}); }
  std::vector<uint64_t> Integers(const char* key) const {
    return entry().Integers(key).value_or(std::vector<uint64_t>{});
  }
  std::optional<Digest> MaybeHash(const char* key) const {
    return entry().Has(key) ? std::optional<Digest>(Hash(key)) : std::nullopt;
  }
};

struct Member {
  std::string name;
  bool is_node = false;
  std::vector<transparency::NoteVerifier> keys;  // identity and officers
  std::optional<transparency::NoteVerifier> witness_key;
  uint64_t enrolled_at = 0;
  std::optional<uint64_t> gone_at;  // left or revoked
};

// An organisation's decision on a study.
struct Decision {
  uint64_t index = 0;
  bool accepted = false;
  std::string body, time, expires;
  uint64_t from_round = 1;
  std::optional<double> max_epsilon_node, max_epsilon_public;
  std::optional<uint64_t> withdrawn_from;  // round
};

struct Round {
  uint64_t number = 0;
  uint64_t start = 0;  // index of round-start
  std::string time, deadline;
  transparency::StudyTerms terms;
  std::set<std::string> roster;
  uint64_t roster_size = 0;  // n_max of the grid
  std::optional<Digest> model_before, model_after, result, sum;
  std::optional<double> gradient_clip;            // where the study's clip adapts
  std::map<std::string, uint64_t> by_node;        // contribution's index
  std::map<uint64_t, std::string> contributions;  // node, by index
  uint64_t contribution_count = 0;
  std::optional<uint64_t> close, abandon, release;  // the ones that count
  std::string abandon_code;
  std::vector<uint64_t> counted;            // indices of contributions
  std::set<std::string> confirmed;          // whose mask keys were, when it began
  std::map<std::string, uint64_t> tallies;  // index, by scrutineer
  std::vector<uint64_t> rests_on;           // tallies that the release names
  // Who published which sum of a mask class.
  std::map<uint32_t, std::map<Digest, std::set<std::string>>> votes;
  double epsilon_node = 0, epsilon_public = 0;  // as claimed by the release

  bool IsOver() const { return release.has_value() || abandon.has_value(); }
};

struct StudyHistory {
  Digest digest;
  std::optional<uint64_t> propose;
  std::string title, purpose, researcher, time, expires;
  transparency::StudyTerms terms;
  double epsilon_node = 0, epsilon_public = 0;  // as proposed
  MaskHistory masks;
  std::optional<uint64_t> unbegun;  // the abandon before its first round
  std::string unbegun_code;
  std::map<std::string, Decision> decisions;  // by node
  std::vector<Round> rounds;
  uint64_t least_count = 0;                     // over released rounds, 0 when none
  std::map<std::string, uint64_t> contributed;  // rounds, by node
  std::map<std::string, uint64_t> counted;      // rounds whose close counts the node
};

struct Incident {
  uint64_t index = 0;
  std::string code, what, time;
};

// A program that the coordinator put on record.
struct Software {
  uint64_t index = 0;
  std::string program, version;
  Digest sha256;
};

struct History {
  std::string origin;
  std::optional<transparency::NoteVerifier> coordinator;
  std::optional<transparency::NoteVerifier> log_key;  // as genesis says
  std::optional<transparency::Policy> policy;         // as the log says now
  uint64_t policy_index = 0;
  uint64_t dishonest = 0, admission_quorum = 0;
  std::set<std::string> operator_nodes;  // run by the coordinator's operator
  std::set<std::string> founders;
  std::string title, begun;
  std::map<std::string, Member> members;  // by "node/<name>" or "researcher/<name>"
  std::map<Digest, StudyHistory> studies;
  std::map<std::string, uint64_t> type_counts;
  std::vector<Incident> incidents;
  std::vector<Software> software;  // by the coordinator
  std::string last_time;  // the newest claim of a signer

  // nullptr when nobody of that name is or was enrolled.
  Member* FindNode(const std::string& name);
  Member* FindResearcher(const std::string& name);
  // The member that owns a key of that name ("node/x", "officer/x/y", "researcher/x").
  Member* FindOwner(const std::string& key_name);
  // nullptr when it was never proposed.
  StudyHistory* FindStudy(const Digest& digest);
  // The studies as they were proposed.
  std::vector<const StudyHistory*> InOrder() const;
};

}  // namespace mutual::audit
