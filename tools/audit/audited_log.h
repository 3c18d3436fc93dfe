// A log under audit: its checkpoint judged by the auditor's own policy, its entries read verified.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "tools/audit/finding.h"
#include "transparency/checkpoint.h"
#include "transparency/log_reader.h"
#include "transparency/policy.h"

namespace mutual::audit {

// The auditor's policy file (C2SP tlog-policy). NOT_FOUND when there is none, INVALID_ARGUMENT when
// it is malformed: the message names the line.
absl::StatusOr<transparency::Policy> ReadTrust(const std::string& file);

struct JudgedCheckpoint {
  std::string bytes;
  transparency::Checkpoint checkpoint;
  std::optional<transparency::Evaluation> evaluation;  // when signatures were good
  std::optional<transparency::NoteVerifier> log_key;   // of the policy, that signed it
};

// Reports CP-FORM, CP-SIG, CP-COSIG, CP-QUORUM. Nothing when the bytes are no checkpoint. Without a
// policy signatures are skipped.
std::optional<JudgedCheckpoint> JudgeCheckpoint(const std::string& bytes,
                                                const transparency::Policy* policy,
                                                Findings* findings);

struct AuditedLog {
  std::string source;
  transparency::Fetch fetch;
  JudgedCheckpoint head;
  std::unique_ptr<transparency::LogReader> reader;  // null when the right edge is wrong: see TREE

  // "fed.example/audit   size 3   root OF2jDzkX…   cosigned …" in one line.
  std::string Headline(const transparency::Policy* policy) const;
};

// Reads the checkpoint and the right edge. An error only when the source cannot be read at all or
// gives no checkpoint; everything else is in `findings`.
absl::StatusOr<AuditedLog> OpenLog(const std::string& source, const transparency::Policy* policy,
                                   Findings* findings);

}  // namespace mutual::audit
