// The commands of mutual-audit. Each prints to stdout and returns the exit code.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/audit/finding.h"
#include "tools/audit/print.h"
#include "tools/audit/verification.h"

namespace mutual::audit {

inline constexpr char kDefaultPolicy[] = "mutual-audit.policy";

struct CommandOptions {
  std::string policy_file = kDefaultPolicy;
  std::string log;  // folder or URL; empty: the URL of the policy's first log
  bool json = false;
};

// Prints findings as asked for; the exit code that follows.
int Show(const CommandOptions& options, const Summary& summary);
// An error that no finding describes, on stderr; the exit code for it.
int Refuse(const absl::Status& status);
// The policy of the options; nothing when the default file is not there.
absl::StatusOr<std::optional<transparency::Policy>> TrustOf(const CommandOptions& options);
// `source`, or what the options and the policy say instead.
absl::StatusOr<std::string> SourceOf(const CommandOptions& options, const std::string& source);
// The command line that goes on from the findings.
std::string NextStep(const Findings& findings, const std::string& source);
// Verifies the log of the options, for commands that go on from its history. An error when the
// history cannot be relied on: then it was printed already.
absl::StatusOr<std::unique_ptr<Verification>> VerifiedHistory(const CommandOptions& options);

struct VerifyOptions {
  std::string source, since_file, save_file;
};
int RunVerify(const CommandOptions& options, const VerifyOptions& verify);

// Reports RECEIPT and the checks of its checkpoint.
void CheckReceipt(const std::string& bytes, const transparency::Policy* policy, Findings* findings);
int RunReceipt(const CommandOptions& options, const std::vector<std::string>& files);

// Reports BUNDLE-FILES, RECEIPT and the checkpoints' checks for every receipt, BUNDLE-STUDY,
// BUNDLE-RESULT, BUNDLE-MODEL, BUNDLE-PEOPLE, EPSILON and BUNDLE-PAGES.
void CheckBundle(const std::string& folder, const transparency::Policy* policy, Findings* findings);
int RunVerifyBundle(const CommandOptions& options, const std::string& folder);

int RunShow(const CommandOptions& options, uint64_t index);
int RunList(const CommandOptions& options, const std::string& type);
int RunExport(const CommandOptions& options);

struct ReplayOptions {
  std::string study;  // first digits of its digest
  uint64_t round = 0;
  std::string folder;      // of contributions
  std::string study_file;  // empty: in the folder
};
int RunReplay(const CommandOptions& options, const ReplayOptions& replay);
struct PrivacyOptions {
  std::string study, node;  // both may be empty: everything
};
int RunPrivacy(const CommandOptions& options, const PrivacyOptions& asked);
int RunWho(const CommandOptions& options, const std::string& prefix);

// `sources` and `files` are two.
int RunCompare(const CommandOptions& options, const std::vector<std::string>& sources,
               const std::string& evidence);
int RunConsistency(const CommandOptions& options, const std::vector<std::string>& files);
int RunMirror(const CommandOptions& options, const std::string& source, const std::string& folder);

struct TrustOptions {
  std::string file, log_key, url, from_log, invitation, origin;
  std::vector<std::string> witnesses;  // NAME=VKEY
  uint64_t quorum = 0;                 // 0: a majority
};
int RunTrustInit(const CommandOptions& options, const TrustOptions& trust);
int RunExplain(const std::string& code);

struct ReportOptions {
  std::string source, format = "html", output;
};
int RunReport(const CommandOptions& options, const ReportOptions& report);

struct WatchOptions {
  std::string source, state = "mutual-audit.watch", command;
  uint64_t interval = 300;  // seconds
  bool once = false, test_alert = false;
};
int RunWatch(const CommandOptions& options, const WatchOptions& watch);

}  // namespace mutual::audit
