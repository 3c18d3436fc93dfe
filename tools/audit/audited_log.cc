#include "tools/audit/audited_log.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
#include "tools/audit/source.h"

namespace mutual::audit {
namespace {

using transparency::Evaluation;
using transparency::Policy;

std::string TimeText(uint64_t unix_seconds) {
  return FormatUtc(absl::FromUnixSeconds(static_cast<int64_t>(unix_seconds)));
}

// "need 5" of a plain group; empty for nested ones.
std::string Need(const Policy& policy) {
  for (const auto& group : policy.groups()) {
    if (group.name != policy.quorum()) continue;
    return absl::StrFormat(" (need %d)", group.threshold);
  }
  return "";
}

void JudgeQuorum(const Policy& policy, const Evaluation& evaluation, Findings* findings) {
  const std::vector<std::string>& present = evaluation.cosigned_by;
  std::vector<std::string> absent;
  for (const auto& witness : policy.witnesses()) {
    if (std::find(present.begin(), present.end(), witness.name) == present.end()) {
      absent.push_back(witness.name);
    }
  }
  std::string text = present.empty() ? "no witness" : absl::StrJoin(present, ", ");
  if (!absent.empty()) text += " (absent: " + absl::StrJoin(absent, ", ") + ")";
  if (policy.quorum() == "none") {
    findings->Pass("CP-QUORUM", "your policy asks for no witness; a fork would not be noticed");
  } else if (evaluation.has_quorum) {
    findings->Pass("CP-QUORUM", text);
  } else {
    findings->Fail("CP-QUORUM", "below the quorum " + policy.quorum() + ": " + text);
  }
}

// The key of the policy that signed `bytes`, or a failure.
const transparency::NoteVerifier* FindSigner(const std::string& bytes, const std::string& origin,
                                             const Policy& policy, Findings* findings) {
  absl::Status last = PermissionDenied("your policy trusts no log named %s", origin);
  for (const auto& log : policy.logs()) {
    if (log.key.name() != origin) continue;
    const auto opened = transparency::OpenCheckpoint(bytes, log.key);
    if (opened.ok()) {
      findings->Pass("CP-SIG",
                     absl::StrFormat("checkpoint signed by %s+%08x", origin, log.key.key_id()));
      return &log.key;
    }
    last = opened.status();
  }
  findings->Fail("CP-SIG", Describe(last));
  return nullptr;
}

}  // namespace

absl::StatusOr<Policy> ReadTrust(const std::string& file) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string text, ReadFile(file, transparency::kMaxPolicyBytes));
  absl::StatusOr<Policy> policy = Policy::Parse(text);
  if (!policy.ok()) return Annotate(policy.status(), file);
  return policy;
}

std::optional<JudgedCheckpoint> JudgeCheckpoint(const std::string& bytes, const Policy* policy,
                                                Findings* findings) {
  JudgedCheckpoint judged{bytes, {}, {}, {}};
  const auto note = transparency::ParseNote(bytes);
  auto checkpoint = note.ok() ? transparency::ParseCheckpoint(note->text)
                              : absl::StatusOr<transparency::Checkpoint>(note.status());
  if (!checkpoint.ok()) {
    findings->Fail("CP-FORM", std::string(checkpoint.status().message()));
    return std::nullopt;
  }
  findings->Pass("CP-FORM", FindCheck("CP-FORM").sentence);
  judged.checkpoint = *std::move(checkpoint);
  if (policy == nullptr) {
    for (const char* const id : {"CP-SIG", "CP-COSIG", "CP-QUORUM"}) {
      findings->Skip(id, "no policy says whom you trust (mutual-audit trust init FILE)");
    }
    return judged;
  }
  const auto* key = FindSigner(bytes, judged.checkpoint.origin, *policy, findings);
  if (key == nullptr) return judged;
  judged.log_key = *key;
  auto evaluation = policy->Evaluate(bytes);
  if (!evaluation.ok()) {
    findings->Fail("CP-COSIG", Describe(evaluation.status()));
    return judged;
  }
  findings->Pass("CP-COSIG",
                 absl::StrFormat("%d good cosignatures, none bad", evaluation->cosigned_by.size()));
  JudgeQuorum(*policy, *evaluation, findings);
  judged.evaluation = *std::move(evaluation);
  return judged;
}

std::string AuditedLog::Headline(const Policy* policy) const {
  const transparency::Checkpoint& checkpoint = head.checkpoint;
  std::string text =
      absl::StrFormat("%s   size %s   root %s…", checkpoint.origin, Grouped(checkpoint.size),
                      Base64Encode(checkpoint.root.bytes).substr(0, 8));
  if (policy == nullptr || !head.evaluation) return text;
  text += absl::StrFormat("   cosigned %d of %d%s", head.evaluation->cosigned_by.size(),
                          policy->witnesses().size(), Need(*policy));
  if (head.evaluation->newest) text += ", newest " + TimeText(*head.evaluation->newest);
  return text;
}

absl::StatusOr<AuditedLog> OpenLog(const std::string& source, const Policy* policy,
                                   Findings* findings) {
  AuditedLog log;
  log.source = source;
  MUTUAL_ASSIGN_OR_RETURN(log.fetch, OpenSource(source));
  MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, log.fetch("checkpoint"));
  std::optional<JudgedCheckpoint> head = JudgeCheckpoint(bytes, policy, findings);
  if (!head) return WithCode(DataLoss("%s/checkpoint is no checkpoint", source), "LOG_CORRUPT");
  log.head = *std::move(head);
  auto reader = transparency::LogReader::Open(log.fetch,
                                              {log.head.checkpoint.size, log.head.checkpoint.root});
  if (reader.ok()) {
    log.reader = *std::move(reader);
  } else {
    findings->Judge("TREE", reader.status());
  }
  return log;
}

}  // namespace mutual::audit
