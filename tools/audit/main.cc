// `mutual-audit`: what anyone runs to check a federation's log.
#include <CLI/CLI.hpp>

#include "tools/audit/commands.h"

namespace {

constexpr char kExample[] =
    "\nExample:\n"
    "  mutual-audit trust init mutual-audit.policy --log-key VKEY\n"
    "  mutual-audit verify http://fed.example/log --save yesterday\n"
    "  mutual-audit verify http://fed.example/log --since yesterday\n"
    "\nExit codes: 0 verified, 1 provably wrong, 2 wrong usage, 3 could not check,\n"
    "4 intact but a rule is broken.\n";

}  // namespace

int main(int argc, char** argv) {
  using namespace mutual::audit;  // NOLINT: one page, one tool
  CLI::App app("mutual-audit: check a federation's log with keys that you chose to trust.");
  app.footer(kExample);
  app.require_subcommand(1);
  app.fallthrough();
  CommandOptions options;
  app.add_option("--policy", options.policy_file, "whom you trust")->capture_default_str();
  app.add_option("--log", options.log, "folder or URL of the log");
  app.add_flag("--json", options.json, "print JSON");

  VerifyOptions verify;
  auto* verify_command = app.add_subcommand("verify", "check everything that the log shows");
  verify_command->add_option("source", verify.source, "folder or URL");
  verify_command->add_option("--since", verify.since_file, "a checkpoint saved before");
  verify_command->add_option("--save", verify.save_file, "where to keep the checkpoint");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  if (*verify_command) return RunVerify(options, verify);
  return kUsage;
}
