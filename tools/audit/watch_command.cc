// watch and report.
#include <cstdio>
#include <cstdlib>

#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "tools/audit/commands.h"
#include "tools/audit/report.h"
#include "tools/audit/watch.h"

namespace mutual::audit {
namespace {

// Runs the watcher's own command with the alarm in its environment.
void Alert(const std::string& command, const std::string& text) {
  std::fprintf(stderr, "mutual-audit: ALARM: %s\n", text.c_str());
  if (command.empty()) return;
  ::setenv("MUTUAL_ALARM", text.c_str(), 1);
  const int code = std::system(command.c_str());
  if (code != 0) std::fprintf(stderr, "mutual-audit: the --exec command failed (%d)\n", code);
}

// One look, shown; the exit code that it means.
int LookOnce(const CommandOptions& options, const WatchOptions& watch, const std::string& source,
             const transparency::Policy* policy) {
  const WatchState state(watch.state);
  const auto stands = state.Alarm();
  if (!stands.ok()) return Refuse(stands.status());
  if (!stands->empty()) {
    std::fprintf(stderr,
                 "mutual-audit: an alarm stands since before; read %s.alarm, and remove it only "
                 "when it is explained\n",
                 watch.state.c_str());
  }
  const auto look = LookAt(source, policy, state);
  if (!look.ok()) return Refuse(look.status());
  int code = kVerified;
  if (look->done) {
    code = Show(options, {"watch", look->done->headline, NextStep(look->done->findings, source),
                          &look->done->findings});
  } else {
    std::fputs("nothing new was published\n", options.json ? stderr : stdout);
  }
  if (look->is_alarm) Alert(watch.command, look->done->findings.Conclusion());
  return stands->empty() ? code : kWrong;
}

}  // namespace

int RunWatch(const CommandOptions& options, const WatchOptions& watch) {
  if (watch.test_alert) {
    Alert(watch.command, "this is a test of the alarm; nothing is wrong");
    return kVerified;
  }
  const auto source = SourceOf(options, watch.source);
  if (!source.ok()) return Refuse(source.status());
  const auto policy = TrustOf(options);
  if (!policy.ok()) return Refuse(policy.status());
  while (true) {
    const int code = LookOnce(options, watch, *source, *policy ? &**policy : nullptr);
    std::fflush(stdout);
    if (watch.once || code == kUsage) return code;
    absl::SleepFor(absl::Seconds(watch.interval));
  }
}

int RunReport(const CommandOptions& options, const ReportOptions& report) {
  const auto source = SourceOf(options, report.source);
  if (!source.ok()) return Refuse(source.status());
  const auto policy = TrustOf(options);
  if (!policy.ok()) return Refuse(policy.status());
  const auto done = Verify({*source, *policy ? &**policy : nullptr, "", {}});
  if (!done.ok()) return Refuse(done.status());
  (*done)->findings.NotAsked("REPLAY", "not asked (mutual-audit replay STUDY ROUND)");
  const std::string page = report.format == "html" ? HtmlReport(**done)
                           : report.format == "md" ? MarkdownReport(**done)
                                                   : JsonReport(**done);
  const Findings& findings = (*done)->findings;
  if (report.output.empty()) {
    std::fputs(page.c_str(), stdout);
    return findings.exit_code();
  }
  const absl::Status written = WriteFileDurably(report.output, page, FileMode::kPublic);
  if (!written.ok()) return Refuse(written);
  return Show(options, {"report", (*done)->headline, "read " + report.output, &findings});
}

}  // namespace mutual::audit
