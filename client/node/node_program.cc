#include "client/node/node_program.h"

#include <CLI/CLI.hpp>

#include "client/node/commands.h"
#include "client/node/print.h"

namespace mutual::client {
namespace {

constexpr char kExample[] =
    "\nExample:\n"
    "  mutual-node --dir ~/north join CODE --organisation north\n"
    "  mutual-node --dir ~/north check-data study.toml\n"
    "  mutual-node --dir ~/north studies\n"
    "  mutual-node --dir ~/north accept 3f9a1c\n"
    "  mutual-node --dir ~/north serve\n"
    "\nExit codes: 0 done, 1 failed or refused, 2 wrong usage.\n";

// The footer of a subcommand's --help.
void ShowExample(CLI::App* command, const std::string& arguments) {
  command->footer("\nExample:\n  mutual-node --dir ~/north " + arguments + "\n");
}

}  // namespace

int RunNodeProgram(int argc, char** argv, const NoiseFactory& make_noise) {
  CLI::App app("mutual-node: your organisation's part of a Mutual federation.\n"
               "Members' rows stay on this machine; only noised sums leave it.");
  app.footer(kExample);
  app.require_subcommand(1);
  CommandOptions options;
  std::string folder = "mutual-node";
  app.add_option("--dir", folder, "folder with this node's keys, configuration and ledger")
      ->capture_default_str();
  app.add_flag("--json", options.json, "print JSON");
  app.fallthrough();

  std::string code, organisation, address, study;
  auto* join = app.add_subcommand("join", "enrol with an invitation code");
  join->add_option("code", code, "the code that the coordinator's operator sent you")->required();
  join->add_option("--organisation", organisation, "short name, e.g. north-07")->required();
  join->add_option("--address", address, "coordinator's host:port, if not the invitation's");
  join->add_flag("--passphrase", options.with_passphrase, "keep the keys under a passphrase");
  bool remove = false;
  auto* passphrase = app.add_subcommand("passphrase", "set or change the passphrase of this node's keys");
  passphrase->add_flag("--remove", remove, "keep the keys without one");
  auto* check = app.add_subcommand("check-data", "read your table as a study would; writes nothing");
  check->add_option("study", study, "study file")->required();
  auto* studies = app.add_subcommand("studies", "list studies and your answers");
  auto* accept = app.add_subcommand("accept", "take part in a study");
  accept->add_option("study", study, "first digits of the study's digest")->required();
  auto* refuse = app.add_subcommand("refuse", "do not take part in a study");
  refuse->add_option("study", study, "first digits of the study's digest")->required();
  std::string newcomer;
  auto* endorse = app.add_subcommand(
      "endorse", "let a new organisation in, or list who waits; compare its key's first digits with it");
  endorse->add_option("organisation", newcomer, "the newcomer's name");
  auto* key = app.add_subcommand("key", "this organisation's public identity key");
  auto* serve = app.add_subcommand("serve", "take part in accepted studies until stopped");
  serve->add_option("--device", options.device,
                    "where models are trained: cpu, cuda, cuda:1, …; auto takes the GPU if LibTorch has one")
      ->capture_default_str();
  std::string listen;
  auto* witness = app.add_subcommand(
      "witness", "cosign checkpoints over HTTP, also of other logs that node.toml names");
  witness->add_option("--listen", listen, "HOST:PORT, e.g. 0.0.0.0:8081")->required();
  auto* scrutineer = app.add_subcommand(
      "scrutineer", "hold mask keys and cosign the log, without taking part in studies");
  auto* budget = app.add_subcommand("budget", "privacy spent this year and what is left");
  auto* catch_up = app.add_subcommand(
      "catch-up", "after restoring an old ledger: charge what the log says was spent since");
  auto* sent = app.add_subcommand("sent", "what left this machine, when, how many bytes");
  std::string receipts;
  sent->add_option("--receipts", receipts, "copy the receipts of it to this folder instead");
  ShowExample(join, "join CODE --organisation north");
  ShowExample(passphrase, "passphrase");
  ShowExample(check, "check-data study.toml --json");
  ShowExample(studies, "studies");
  ShowExample(accept, "accept 3f9a1c");
  ShowExample(refuse, "refuse 3f9a1c");
  ShowExample(endorse, "endorse south-02");
  ShowExample(key, "key");
  ShowExample(serve, "serve");
  ShowExample(witness, "witness --listen 0.0.0.0:8081");
  ShowExample(budget, "budget --json");
  ShowExample(catch_up, "catch-up");
  ShowExample(sent, "sent --receipts receipts");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int result = app.exit(error);
    return result == 0 ? 0 : 2;
  }
  options.folder = folder;
  const auto report = [&](const absl::Status& status) {
    return Report("mutual-node", status, options.json);
  };
  if (*join) return report(JoinFederation(options, code, organisation, address));
  if (*passphrase) return report(ChangePassphrase(options, remove));
  if (*check) return report(CheckData(options, study));
  if (*studies) return report(ListStudies(options));
  if (*accept) return report(AnswerStudy(options, study, true));
  if (*refuse) return report(AnswerStudy(options, study, false));
  if (*endorse) return report(EndorseNewcomer(options, newcomer));
  if (*key) return report(ShowKey(options));
  if (*serve) return report(ServeNode(options, make_noise, ServeRole::kNode));
  if (*scrutineer) return report(ServeNode(options, make_noise, ServeRole::kScrutineer));
  if (*witness) return report(ServeWitnessOverHttp(options, listen));
  if (*budget) return report(ShowBudget(options));
  if (*catch_up) return report(CatchUpLedger(options));
  if (*sent && !receipts.empty()) return report(CopyReceipts(options, receipts));
  if (*sent) return report(ShowSent(options));
  return 2;
}

}  // namespace mutual::client
