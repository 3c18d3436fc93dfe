// Signed statements of a round as canonical text: what the coordinator asks and a node answers.
//
// Text is "key value\n" lines in fixed order, first line the type (docs/STATEMENTS.md). Parse is
// strict: Parse(x).ToText() == x or INVALID_ARGUMENT with code STATEMENT_MALFORMED. Values are one
// line of readable UTF-8; a node's name is a NodeId. Times are whole seconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/ids.h"

namespace mutual::study {

// Signed by the coordinator's log key.
struct RoundStart {
  std::string origin;  // "<federation>/audit"
  Digest study;
  uint64_t round = 0;           // from 1
  std::optional<Digest> model;  // training: the model to compute at
  uint64_t vector_length = 0;
  double sampling_rate = 0;
  double member_bound = 0;  // C
  double noise_multiplier = 0;
  int min_nodes = 0;
  int roster_size = 0;  // n_max of the grid
  Digest roster;        // SHA-256 of the sorted names, one per line
  absl::Time deadline;

  std::string ToText() const;
  static absl::StatusOr<RoundStart> Parse(const std::string& text);
};

// Signed by the node's identity key.
struct ContributionStatement {
  std::string origin;
  Digest study;
  uint64_t round = 0;
  std::string node;
  uint64_t vector_length = 0;  // words
  Digest sha256;               // of the uploaded bytes
  absl::Time time;

  std::string ToText() const;
  static absl::StatusOr<ContributionStatement> Parse(const std::string& text);
};

// Signed by the node's identity key: an organisation's answer to a proposal.
struct Answer {
  std::string origin;
  Digest study;
  std::string node;
  bool accepted = false;
  absl::Time time;

  std::string ToText() const;
  static absl::StatusOr<Answer> Parse(const std::string& text);
};

Digest RosterDigest(std::vector<std::string> names);

}  // namespace mutual::study
