// Commands about copies of a log: compare, consistency, mirror.
#include <cstdio>

#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/status.h"
#include "tools/audit/commands.h"
#include "tools/audit/comparison.h"
#include "transparency/mirror.h"

namespace mutual::audit {
namespace {

absl::StatusOr<transparency::Checkpoint> JudgeFile(const std::string& file,
                                                   const transparency::Policy* policy,
                                                   Findings* findings) {
  const auto bytes = ReadFile(file, transparency::kMaxNoteBytes);
  if (!bytes.ok()) return InvalidArgument("%s", Describe(bytes.status()));
  const auto judged = JudgeCheckpoint(*bytes, policy, findings);
  if (!judged) return DataLoss("%s is no checkpoint", file);
  return judged->checkpoint;
}

}  // namespace

int RunCompare(const CommandOptions& options, const std::vector<std::string>& sources,
               const std::string& evidence) {
  const auto trust = TrustOf(options);
  if (!trust.ok()) return Refuse(trust.status());
  const transparency::Policy* policy = *trust ? &**trust : nullptr;
  Findings findings;
  const auto one = OpenLog(sources[0], policy, &findings);
  if (!one.ok()) return Refuse(one.status());
  const auto other = OpenLog(sources[1], policy, &findings);
  if (!other.ok()) return Refuse(other.status());
  const auto index = FirstDifference(*one, *other, &findings);
  if (!index.ok()) return Refuse(index.status());
  std::string next;
  if (*index) {
    const absl::Status written = WriteEvidence(*one, *other, **index, evidence);
    if (!written.ok()) return Refuse(written);
    next = "show " + evidence + "/ to the organisations";
  }
  return Show(options,
              {"compare", one->Headline(policy) + "\n" + other->Headline(policy), next, &findings});
}

int RunConsistency(const CommandOptions& options, const std::vector<std::string>& files) {
  const auto trust = TrustOf(options);
  if (!trust.ok()) return Refuse(trust.status());
  const transparency::Policy* policy = *trust ? &**trust : nullptr;
  Findings findings;
  const auto one = JudgeFile(files[0], policy, &findings);
  if (!one.ok()) return Refuse(one.status());
  const auto other = JudgeFile(files[1], policy, &findings);
  if (!other.ok()) return Refuse(other.status());
  std::optional<AuditedLog> log;
  if (!options.log.empty()) {
    auto opened = OpenLog(options.log, policy, &findings);
    if (!opened.ok()) return Refuse(opened.status());
    log = *std::move(opened);
  }
  CheckConsistent(*one, *other, log ? log->reader.get() : nullptr, &findings);
  return Show(options, {"consistency",
                        absl::StrFormat("%s   sizes %s and %s", one->origin, Grouped(one->size),
                                        Grouped(other->size)),
                        "", &findings});
}

int RunMirror(const CommandOptions& options, const std::string& source, const std::string& folder) {
  const auto trust = TrustOf(options);
  if (!trust.ok()) return Refuse(trust.status());
  const transparency::Policy* policy = *trust ? &**trust : nullptr;
  Findings findings;
  const auto log = OpenLog(source, policy, &findings);
  if (!log.ok()) return Refuse(log.status());
  const std::string headline = log->Headline(policy);
  if (!log->head.log_key || log->reader == nullptr || findings.exit_code() == kWrong) {
    return Show(options, {"mirror", headline, "nothing was copied; mutual-audit verify " + source,
                          &findings});
  }
  const absl::Status copied =
      transparency::MirrorLog(log->fetch, folder, log->head.bytes, *log->head.log_key);
  if (copied.ok()) {
    findings.Pass("TREE", absl::StrFormat("%s entries copied, each leads to the root",
                                          Grouped(log->head.checkpoint.size)));
    return Show(options, {"mirror", headline, "mutual-audit verify " + folder, &findings});
  }
  const bool is_fork = ErrorCode(copied) == "LOG_FORKED" || absl::IsFailedPrecondition(copied);
  if (is_fork) {
    findings.Fail("APPEND", Describe(copied));
  } else {
    findings.Judge("TREE", copied);
  }
  return Show(options, {"mirror", headline,
                        is_fork ? absl::StrFormat("mutual-audit compare %s %s", folder, source)
                                : "run the same again to go on",
                        &findings});
}

}  // namespace mutual::audit
