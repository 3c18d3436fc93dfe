// `mutual-audit`: what anyone runs to check a federation's log.
#include <CLI/CLI.hpp>
#include <functional>

#include "tools/audit/commands.h"

namespace mutual::audit {
namespace {

constexpr char kExample[] =
    "\nExample:\n"
    "  mutual-audit trust init mutual-audit.policy --log-key VKEY --witness north=VKEY\n"
    "  mutual-audit verify http://fed.example/log --save yesterday\n"
    "  mutual-audit verify http://fed.example/log --since yesterday\n"
    "  mutual-audit receipt contribution.tlog-proof\n"
    "  mutual-audit replay 9f3c 12 --contributions content/ --log http://fed.example/log\n"
    "  mutual-audit report --log http://fed.example/log -o audit.html\n"
    "\nExit codes: 0 verified, 1 provably wrong, 2 wrong usage, 3 could not check,\n"
    "4 intact but a rule is broken.\n";

// Everything that a command line can say. Lives as long as the parser.
struct CommandLine {
  CommandOptions options;
  VerifyOptions verify;
  ReplayOptions replay;
  PrivacyOptions privacy;
  TrustOptions trust;
  ReportOptions report;
  WatchOptions watch;
  std::vector<std::string> receipts, copies, checkpoints;
  std::string evidence = "evidence", type, study, code, url, folder;
  uint64_t index = 0;
  bool as_jsonl = false;
  std::function<int()> run;

  // A subcommand that runs `action` when it is chosen.
  CLI::App* Add(CLI::App* app, const char* name, const char* help, std::function<int()> action) {
    CLI::App* command = app->add_subcommand(name, help);
    command->callback([this, action = std::move(action)] { run = action; });
    return command;
  }
};

void AddChecks(CLI::App* app, CommandLine* line) {
  auto* verify = line->Add(app, "verify", "check everything that the log shows",
                           [line] { return RunVerify(line->options, line->verify); });
  verify->add_option("source", line->verify.source, "folder or URL");
  verify->add_option("--since", line->verify.since_file, "a checkpoint saved before");
  verify->add_option("--save", line->verify.save_file, "where to keep the checkpoint");
  auto* receipt = line->Add(app, "receipt", "check that an entry is in the log, offline",
                            [line] { return RunReceipt(line->options, line->receipts); });
  receipt->add_option("files", line->receipts, "files that end in .tlog-proof")->required();
  auto* bundle = line->Add(app, "verify-bundle", "check a release bundle, offline",
                           [line] { return RunVerifyBundle(line->options, line->folder); });
  bundle->add_option("folder", line->folder, "what `mutual bundle` wrote")->required();
  auto* consistency =
      line->Add(app, "consistency", "check that one checkpoint extends another",
                [line] { return RunConsistency(line->options, line->checkpoints); });
  consistency->add_option("checkpoints", line->checkpoints)->required()->expected(2);
  auto* compare = line->Add(app, "compare", "find where two copies of the log differ", [line] {
    return RunCompare(line->options, line->copies, line->evidence);
  });
  compare->add_option("copies", line->copies, "two folders or URLs")->required()->expected(2);
  compare->add_option("--evidence", line->evidence, "folder for proof of a fork")
      ->capture_default_str();
  auto* replay = line->Add(app, "replay", "recompute a study from kept contributions",
                           [line] { return RunReplay(line->options, line->replay); });
  replay->add_option("study", line->replay.study, "first digits of its digest")->required();
  replay->add_option("round", line->replay.round)->required();
  replay->add_option("--contributions", line->replay.folder, "files named by their SHA-256")
      ->required();
  replay->add_option("--study-file", line->replay.study_file, "when it is not among them");
  auto* privacy = line->Add(app, "privacy", "recompute what was spent in privacy",
                            [line] { return RunPrivacy(line->options, line->privacy); });
  privacy->add_option("--study", line->privacy.study, "first digits of its digest");
  privacy->add_option("--node", line->privacy.node, "one organisation");
}

void AddReading(CLI::App* app, CommandLine* line) {
  auto* who = line->Add(app, "who", "who proposed, accepted and refused a study",
                        [line] { return RunWho(line->options, line->study); });
  who->add_option("study", line->study, "first digits of its digest")->required();
  auto* show = line->Add(app, "show", "print one entry",
                         [line] { return RunShow(line->options, line->index); });
  show->add_option("index", line->index)->required();
  auto* list = line->Add(app, "list", "print a line for every entry",
                         [line] { return RunList(line->options, line->type); });
  list->add_option("--type", line->type, "only entries of this type");
  auto* dump = line->Add(app, "export", "print every entry as JSON",
                         [line] { return RunExport(line->options); });
  dump->add_flag("--jsonl", line->as_jsonl, "one object a line (the only format)");
  auto* report = line->Add(app, "report", "write a page that people can read",
                           [line] { return RunReport(line->options, line->report); });
  report->add_option("source", line->report.source, "folder or URL");
  report->add_option("--format", line->report.format, "html, md or json")
      ->check(CLI::IsMember({"html", "md", "json"}))
      ->capture_default_str();
  report->add_option("-o,--output", line->report.output, "file; without it, to the terminal");
  auto* explain = line->Add(app, "explain", "what an error code or a check means",
                            [line] { return RunExplain(line->code); });
  explain->add_option("code", line->code)->required();
}

void AddKeeping(CLI::App* app, CommandLine* line) {
  auto* trust = app->add_subcommand("trust", "whom you trust")->require_subcommand(1);
  auto* init = line->Add(trust, "init", "write your policy file and print its fingerprints",
                         [line] { return RunTrustInit(line->options, line->trust); });
  init->add_option("file", line->trust.file)->required();
  auto* key = init->add_option("--log-key", line->trust.log_key, "verifier key of the log");
  auto* code = init->add_option("--invitation", line->trust.invitation, "take the key from a code");
  auto* log = init->add_option("--from-log", line->trust.from_log,
                               "take what the log itself names, then compare fingerprints");
  key->excludes(code)->excludes(log);
  code->excludes(log);
  init->add_option("--origin", line->trust.origin, "name of the log, with --invitation");
  init->add_option("--url", line->trust.url, "where the log is served");
  init->add_option("--witness", line->trust.witnesses, "NAME=VKEY; may be repeated");
  init->add_option("--quorum", line->trust.quorum, "how many witnesses must cosign");
  auto* mirror = line->Add(app, "mirror", "copy the log, verified as it arrives; resumes",
                           [line] { return RunMirror(line->options, line->url, line->folder); });
  mirror->add_option("url", line->url)->required();
  mirror->add_option("folder", line->folder)->required();
  auto* watch = line->Add(app, "watch", "look again and again; a fork stays an alarm",
                          [line] { return RunWatch(line->options, line->watch); });
  watch->add_option("source", line->watch.source, "folder or URL");
  watch->add_option("--interval", line->watch.interval, "seconds between looks")
      ->capture_default_str();
  watch->add_option("--state", line->watch.state, "file that remembers")->capture_default_str();
  watch->add_option("--exec", line->watch.command, "run on an alarm, which is in $MUTUAL_ALARM");
  watch->add_flag("--test-alert", line->watch.test_alert, "raise a test alarm and end");
  watch->add_flag("--once", line->watch.once, "look once and end");
}

int Run(int argc, char** argv) {
  CLI::App app("mutual-audit: check a federation's log with keys that you chose to trust.");
  app.footer(kExample);
  app.require_subcommand(1);
  app.fallthrough();
  CommandLine line;
  app.add_option("--policy", line.options.policy_file, "whom you trust")->capture_default_str();
  app.add_option("--log", line.options.log, "folder or URL of the log");
  app.add_flag("--json", line.options.json, "print JSON");
  AddChecks(&app, &line);
  AddReading(&app, &line);
  AddKeeping(&app, &line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  return line.run ? line.run() : kUsage;
}

}  // namespace
}  // namespace mutual::audit

int main(int argc, char** argv) { return mutual::audit::Run(argc, argv); }
