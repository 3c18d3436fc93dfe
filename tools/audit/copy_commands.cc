// Commands about copies of a log: compare, consistency, mirror.
#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/status.h"
#include "tools/audit/commands.h"
#include "tools/audit/comparison.h"
#include "tools/audit/mirror.h"

namespace mutual::audit {
namespace {

void ShowProgress(uint64_t done, uint64_t all) {
  if (::isatty(STDERR_FILENO) == 0 || (done % 16 != 0 && done != all)) return;
  std::fprintf(stderr, "\r%s of %s files%s", Grouped(done).c_str(), Grouped(all).c_str(),
               done == all ? "\n" : "");
}

// The mirror's own checkpoint of before must be a prefix of what arrives.
bool IsForkOfMirror(const AuditedLog& log, const std::string& folder,
                    const transparency::Policy* policy, Findings* findings) {
  const auto before =
      ReadFile(std::filesystem::path(folder) / "checkpoint", transparency::kMaxNoteBytes);
  if (!before.ok()) {
    findings->NotAsked("APPEND", "the folder held no copy before");
    return false;
  }
  CheckAppend(*before, policy, log.reader.get(), findings);
  return !findings->Has("APPEND", Verdict::kPass);
}

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
  const std::string next = "mutual-audit verify " + folder;
  const bool is_refused = log->reader == nullptr || findings.exit_code() == kWrong ||
                          IsForkOfMirror(*log, folder, policy, &findings);
  if (is_refused) {
    return Show(options, {"mirror", log->Headline(policy), "nothing was copied", &findings});
  }
  const auto result = Mirror(*log, folder, ShowProgress);
  if (!result.ok()) {
    findings.Judge("TREE", result.status());
    return Show(options,
                {"mirror", log->Headline(policy), "run the same again to go on", &findings});
  }
  findings.Pass("TREE", absl::StrFormat("%s files fetched, %s there before; each leads to the root",
                                        Grouped(result->fetched), Grouped(result->kept)));
  return Show(options, {"mirror", log->Headline(policy), next, &findings});
}

}  // namespace mutual::audit
