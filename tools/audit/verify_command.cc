#include <cstdio>

#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/status.h"
#include "tools/audit/commands.h"

namespace mutual::audit {

int Show(const CommandOptions& options, const Summary& summary) {
  std::fputs((options.json ? ToJson(summary) : ToText(summary)).c_str(), stdout);
  return summary.findings->exit_code();
}

int Refuse(const absl::Status& status) {
  std::fprintf(stderr, "mutual-audit: %s\n", Describe(status).c_str());
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return kUsage;
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kUnauthenticated:
      return kWrong;
    default:
      return kUnchecked;
  }
}

absl::StatusOr<std::optional<transparency::Policy>> TrustOf(const CommandOptions& options) {
  absl::StatusOr<transparency::Policy> policy = ReadTrust(options.policy_file);
  if (absl::IsNotFound(policy.status()) && options.policy_file == kDefaultPolicy) {
    return std::optional<transparency::Policy>();
  }
  if (!policy.ok()) return InvalidArgument("the policy file: %s", Describe(policy.status()));
  return std::optional<transparency::Policy>(*std::move(policy));
}

absl::StatusOr<std::string> SourceOf(const CommandOptions& options, const std::string& source) {
  if (!source.empty()) return source;
  if (!options.log.empty()) return options.log;
  MUTUAL_ASSIGN_OR_RETURN(const auto policy, TrustOf(options));
  if (policy) {
    for (const auto& log : policy->logs()) {
      if (!log.url.empty()) return log.url;
    }
  }
  return InvalidArgument("no log is named; add --log with a folder or a URL");
}

std::string NextStep(const Findings& findings, const std::string& source) {
  for (const Finding& finding : findings.Sorted()) {
    if (finding.verdict == Verdict::kFail && finding.index) {
      return absl::StrFormat("mutual-audit show %d --log %s", *finding.index, source);
    }
  }
  if (findings.exit_code() == kWrong) {
    return absl::StrFormat("mutual-audit compare %s ANOTHER-COPY", source);
  }
  if (findings.exit_code() == kUnchecked && findings.Has("CP-SIG", Verdict::kSkip)) {
    return std::string("mutual-audit trust init ") + kDefaultPolicy;
  }
  if (findings.exit_code() == kVerified && findings.Has("APPEND", Verdict::kNotAsked)) {
    return "keep its checkpoint for next time (--save FILE)";
  }
  return "";
}

absl::StatusOr<std::unique_ptr<Verification>> VerifiedHistory(const CommandOptions& options) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string source, SourceOf(options, ""));
  MUTUAL_ASSIGN_OR_RETURN(const auto policy, TrustOf(options));
  MUTUAL_ASSIGN_OR_RETURN(auto done, Verify({source, policy ? &*policy : nullptr, "", {}}));
  if (done->findings.Has("TREE", Verdict::kPass)) return done;
  std::fputs(
      ToText({"verify", done->headline, NextStep(done->findings, source), &done->findings}).c_str(),
      stdout);
  if (done->findings.exit_code() == kUnchecked) {
    return FailedPrecondition("the log cannot be read whole; see above");
  }
  return DataLoss("the log is damaged or forged; see above");
}

int RunVerify(const CommandOptions& options, const VerifyOptions& verify) {
  const absl::StatusOr<std::string> source = SourceOf(options, verify.source);
  if (!source.ok()) return Refuse(source.status());
  const auto policy = TrustOf(options);
  if (!policy.ok()) return Refuse(policy.status());
  VerifyRequest request{*source, *policy ? &**policy : nullptr, "", {}};
  if (!verify.since_file.empty()) {
    absl::StatusOr<std::string> since = ReadFile(verify.since_file, transparency::kMaxNoteBytes);
    if (!since.ok()) return Refuse(InvalidArgument("--since: %s", Describe(since.status())));
    request.since = *std::move(since);
  }
  const auto done = Verify(request);
  if (!done.ok()) return Refuse(done.status());
  const Findings& findings = (*done)->findings;
  const bool keeps = findings.exit_code() == kVerified && !verify.save_file.empty();
  const std::string next = keeps ? "" : NextStep(findings, *source);
  const int code = Show(options, {"verify", (*done)->headline, next, &findings});
  if (verify.save_file.empty() || code == kWrong || !(*done)->log) return code;
  const absl::Status saved =
      WriteFileDurably(verify.save_file, (*done)->log->head.bytes, FileMode::kPublic);
  return saved.ok() ? code : Refuse(saved);
}

}  // namespace mutual::audit
