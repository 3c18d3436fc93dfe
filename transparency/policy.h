// Which logs and witnesses are trusted, and how many must agree (C2SP tlog-policy).
//
//   log <vkey> [url]
//   witness <name> <vkey> [url]
//   group <name> all|any|<k> <names...>
//   quorum <name>|none
//
// Lines of items between spaces and tabs; '#' begins a comment line. Definitions come before uses,
// each name stands in at most one group, no key twice, one quorum line. Immutable; safe from any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transparency/checkpoint.h"
#include "transparency/note.h"

namespace mutual::transparency {

inline constexpr size_t kMaxPolicyBytes = 65535;  // what fits one entry of the log
inline constexpr size_t kMaxPolicyLines = 256;    // log, witness and group lines together

struct PolicyLog {
  NoteVerifier key;  // its name is the log's origin
  std::string url;   // empty when none is given
  bool operator==(const PolicyLog&) const = default;
};

struct PolicyWitness {
  std::string name;  // inside the policy only
  NoteVerifier key;
  std::string url;
  bool operator==(const PolicyWitness&) const = default;
};

struct PolicyGroup {
  std::string name;
  size_t threshold = 1;  // k of the members
  std::vector<std::string> members;
  bool operator==(const PolicyGroup&) const = default;
};

// What a policy says of one checkpoint.
struct Evaluation {
  SignedCheckpoint signed_checkpoint;
  std::vector<std::string> cosigned_by;  // names in the policy, in its order
  bool has_quorum = false;
  std::optional<uint64_t> oldest, newest;  // unix seconds over cosigned_by
};

class Policy {
 public:
  // INVALID_ARGUMENT naming the line. Accepts at most kMaxPolicyBytes and kMaxPolicyLines.
  static absl::StatusOr<Policy> Parse(std::string_view text);
  // Logs, witnesses, groups, quorum, one space between items, no comments. Parse(ToText()) is
  // *this.
  std::string ToText() const;

  const std::vector<PolicyLog>& logs() const { return logs_; }
  const std::vector<PolicyWitness>& witnesses() const { return witnesses_; }
  const std::vector<PolicyGroup>& groups() const { return groups_; }
  const std::string& quorum() const { return quorum_; }  // "none" when nobody need cosign

  // INVALID_ARGUMENT on malformed bytes; PERMISSION_DENIED when no log of the policy has the
  // origin; UNAUTHENTICATED on a missing or bad log signature or a bad cosignature by a witness
  // named here. Too few cosignatures is not an error: see has_quorum.
  absl::StatusOr<Evaluation> Evaluate(std::string_view checkpoint) const;
  // As Evaluate, and FAILED_PRECONDITION NO_QUORUM when the quorum is not met.
  absl::StatusOr<Evaluation> RequireQuorum(std::string_view checkpoint) const;

  // The least number of witnesses that any two quorums share: 2k − n for k of n, at least 0. A fork
  // that satisfies the policy twice needs that many dishonest witnesses.
  size_t LeastOverlap() const;

  bool operator==(const Policy&) const = default;

 private:
  friend class PolicyReader;
  Policy() = default;
  bool HasQuorum(const std::vector<std::string>& cosigned_by) const;

  std::vector<PolicyLog> logs_;
  std::vector<PolicyWitness> witnesses_;
  std::vector<PolicyGroup> groups_;
  std::string quorum_;
};

// OK when any two sets of `k` of `n` witnesses share more than `f`: 2k − n > f and 1 <= k <= n, so
// that f dishonest witnesses cannot cosign both sides of a fork. INVALID_ARGUMENT otherwise.
struct QuorumBound {
  uint64_t k = 0, n = 0, f = 0;
};
absl::Status CheckQuorumBound(const QuorumBound& bound);

}  // namespace mutual::transparency
