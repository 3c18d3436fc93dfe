#include "tools/audit/verification.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "crypto/own_program.h"

namespace mutual::audit {
namespace {

using transparency::Policy;
using transparency::TreeHead;

void CheckTrust(const Verification& done, const Policy* policy, Findings* findings) {
  History& history = done.replayer->history();
  if (policy == nullptr || !history.policy) return;
  const auto& log_key = done.log->head.log_key;
  if (log_key && history.log_key && !(*log_key == *history.log_key)) {
    findings->Fail("GENESIS", "the log names another log key than your policy trusts");
  }
  if (!(history.policy->witnesses() == policy->witnesses()) ||
      !(history.policy->groups() == policy->groups()) ||
      history.policy->quorum() != policy->quorum()) {
    findings->NotAsked("TRUST",
                       absl::StrFormat("your policy has other witnesses than entry %s of the log; "
                                       "yours counts, ask why they differ",
                                       Grouped(history.policy_index)));
    return;
  }
  findings->Pass("TRUST", FindCheck("TRUST").sentence);
}

// Which mutual-audit is running is the auditor's affair: another build than the recorded one breaks
// no rule.
void CheckOwnProgram(const History& history, Findings* findings) {
  const absl::StatusOr<Digest> own = crypto::DigestOfOwnProgram();
  if (!own.ok()) return findings->NotAsked("SOFTWARE", std::string(own.status().message()));
  for (const Software& software : history.software) {
    if (software.program != "mutual-audit" || software.sha256 != *own) continue;
    return findings->Pass("SOFTWARE",
                          absl::StrFormat("this program is the mutual-audit %s that entry %s names",
                                          software.version, Grouped(software.index)));
  }
  findings->NotAsked("SOFTWARE",
                     absl::StrFormat("no entry of the coordinator names this mutual-audit (SHA-256 "
                                     "%s…): trust it only if you know who built it",
                                     own->Short()));
}

void ReplayEntries(const VerifyRequest& request, Verification* done) {
  transparency::LogReader& reader = *done->log->reader;
  Replayer& replayer = *done->replayer;
  const absl::Status read =
      reader.ForEach(0, reader.tree().size, [&](uint64_t index, std::string_view bytes) {
        replayer.Take(bytes);
        if (request.visit) request.visit(index, bytes);
        return absl::OkStatus();
      });
  if (!read.ok()) {
    done->findings.Judge("TREE", read);
    return;
  }
  // A second way to the root, from the entries alone.
  if (replayer.tree().Head() != reader.tree()) {
    done->findings.Fail("TREE", "the entries lead to another root than the checkpoint's");
    return;
  }
  done->findings.Pass("TREE", absl::StrFormat("%s entries lead to the root that was signed",
                                              Grouped(reader.tree().size)));
  replayer.Finish();
  CheckTrust(*done, request.policy, &done->findings);
  CheckOwnProgram(replayer.history(), &done->findings);
}

}  // namespace

void CheckAppend(const std::string& since, const Policy* policy, transparency::LogReader* reader,
                 Findings* findings) {
  Findings of_saved;
  const auto saved = JudgeCheckpoint(since, policy, &of_saved);
  if (!saved || of_saved.Has("CP-SIG", Verdict::kFail)) {
    return findings->Skip("APPEND", "your saved file is no checkpoint of this log; name another");
  }
  const transparency::Checkpoint& old = saved->checkpoint;
  if (old.size > reader->tree().size) {
    return findings->Fail(
        "APPEND", absl::StrFormat("the log has %s entries, your saved checkpoint had %s: it "
                                  "was rolled back",
                                  Grouped(reader->tree().size), Grouped(old.size)));
  }
  const auto head = reader->HeadAt(old.size);
  if (!head.ok()) return findings->Judge("APPEND", head.status());
  if (head->root == old.root) {
    return findings->Pass(
        "APPEND",
        absl::StrFormat("consistent with your saved checkpoint of size %s", Grouped(old.size)));
  }
  findings->Fail("APPEND", absl::StrFormat("the log's first %s entries are not those of your saved "
                                           "checkpoint: it was forked",
                                           Grouped(old.size)));
}

absl::StatusOr<std::unique_ptr<Verification>> Verify(const VerifyRequest& request) {
  auto done = std::make_unique<Verification>();
  absl::StatusOr<AuditedLog> log = OpenLog(request.source, request.policy, &done->findings);
  done->headline = request.source;
  if (!log.ok()) {
    if (absl::IsInvalidArgument(log.status())) return log.status();
    if (!done->findings.Has("CP-FORM", Verdict::kFail)) {
      done->findings.Judge("CP-FORM", log.status());
    }
    return done;
  }
  done->log = *std::move(log);
  done->headline = done->log->Headline(request.policy);
  Verification* const raw = done.get();
  done->replayer = std::make_unique<Replayer>(
      done->log->head.checkpoint.origin,
      [raw](uint64_t size) { return raw->log->reader->HeadAt(size); }, &done->findings);
  if (done->log->reader == nullptr) return done;
  if (request.since.empty()) {
    done->findings.NotAsked("APPEND", "no saved checkpoint (--since FILE)");
  } else {
    CheckAppend(request.since, request.policy, done->log->reader.get(), &done->findings);
  }
  ReplayEntries(request, done.get());
  return done;
}

}  // namespace mutual::audit
