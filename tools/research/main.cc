// `mutual`: what a researcher runs to check, propose, watch and read studies.
#include <CLI/CLI.hpp>

#include "base/encoding.h"
#include "base/status.h"
#include "client/node/print.h"
#include "tools/research/commands.h"

namespace {

constexpr char kExample[] =
    "\nExample:\n"
    "  mutual lint study.toml\n"
    "  mutual plan study.toml --nodes 40 --members 250\n"
    "  mutual simulate study.toml --nodes 40 --members 250\n"
    "  mutual --dir ~/research join CODE --organisation research\n"
    "  mutual --dir ~/research propose study.toml\n"
    "  mutual --dir ~/research watch 3f9a1c\n"
    "  mutual --dir ~/research results 3f9a1c --format csv\n"
    "  mutual epsilon --noise 2 --rate 0.1 --rounds 200 --delta 1e-6 --honest 34\n"
    "\nExit codes: 0 done, 1 failed, 2 wrong usage.\n";

void AddPlan(CLI::App& app, mutual::research::PlanQuestion* question) {
  auto* plan = app.add_subcommand("plan", "whether a study can work, before anyone is asked");
  plan->footer(
      "\nExample:\n  mutual plan study.toml --nodes 40 --members lognormal:220:0.5 --response 0.6 "
      "--sweep noise --svg noise.svg\n"
      "  mutual plan model.toml --nodes 12 --members 50 --rounds-run 18\n");
  plan->add_option("file", question->file)->required();
  plan->add_option("--nodes", question->nodes, "organisations asked");
  auto* members = plan->add_option(
      "--members", question->members,
      "members of each: 250, a list such as 120,80,300, or lognormal:MEDIAN:SIGMA");
  auto* file = plan->add_option("--members-file", question->members_file, "one number a line");
  members->excludes(file);
  plan->add_option("--response", question->response, "share of members with usable rows")
      ->capture_default_str();
  plan->add_option("--drop-out", question->drop_out, "share of organisations that do not answer")
      ->capture_default_str();
  plan->add_option("--sample", question->sample, "CSV with the study's columns, of similar members");
  plan->add_option("--yearly-node", question->yearly_node, "an organisation's yearly epsilon_node")
      ->capture_default_str();
  plan->add_option("--yearly-public", question->yearly_released, "its yearly epsilon_public")
      ->capture_default_str();
  plan->add_option("--sweep", question->sweep, "draw the error against noise or nodes")
      ->check(CLI::IsMember({"noise", "nodes"}));
  plan->add_option("--rounds-run", question->rounds_run,
                   "a training study ended after so many rounds: what was spent and saved");
  plan->add_option("--svg", question->svg, "file for the sweep's drawing");
}

// The footer of a subcommand's --help.
void ShowExample(CLI::App* command, const std::string& arguments) {
  command->footer("\nExample:\n  mutual --dir ~/research " + arguments + "\n");
}

}  // namespace

int main(int argc, char** argv) {
  using namespace mutual::research;  // NOLINT: one page, one tool
  if (argc > 1 && std::string(argv[1]) == "simulate") {
    return mutual::client::Report("mutual", Simulate(argv + 1), false);
  }
  CLI::App app("mutual: ask a federation a question and read the answer.");
  app.footer(kExample);
  app.require_subcommand(1);
  app.fallthrough();
  CommandOptions options;
  std::string folder = "mutual-research";
  app.add_option("--dir", folder, "folder with your keys")->capture_default_str();
  app.add_flag("--json", options.json, "print JSON");

  std::string code, organisation, address, file, study, format = "text", output = ".";
  auto* join = app.add_subcommand("join", "enrol as a researcher with an invitation code");
  join->add_option("code", code)->required();
  join->add_option("--organisation", organisation, "short name, e.g. research")->required();
  join->add_option("--address", address, "coordinator's host:port, if not the invitation's");
  join->add_flag("--passphrase", options.with_passphrase, "keep the keys under a passphrase");
  bool remove = false;
  auto* passphrase = app.add_subcommand("passphrase", "set or change the passphrase of your keys");
  passphrase->add_flag("--remove", remove, "keep the keys without one");
  auto* lint = app.add_subcommand("lint", "find every problem of a study file");
  lint->add_option("file", file)->required();
  bool with_federation = false;
  lint->add_flag("--federation", with_federation,
                 "also check it against the federation that --dir joined");
  auto* propose = app.add_subcommand("propose", "put a study to the organisations");
  propose->add_option("file", file)->required();
  auto* list = app.add_subcommand("studies", "list the federation's studies");
  auto* watch = app.add_subcommand("watch", "follow a study until it ends");
  watch->add_option("study", study, "first digits of its digest")->required();
  auto* results = app.add_subcommand("results", "print what a study found");
  results->add_option("study", study, "first digits of its digest")->required();
  results->add_option("--format", format, "text, json, csv or html")
      ->check(CLI::IsMember({"text", "json", "csv", "html"}))->capture_default_str();
  std::string bundle_folder;
  auto* bundle = app.add_subcommand("bundle", "write results, study, model and proofs to a folder");
  bundle->add_option("study", study, "first digits of its digest")->required();
  bundle->add_option("-o,--output", bundle_folder, "folder; without it, bundle-DIGEST");
  auto* fetch = app.add_subcommand("fetch", "write a trained model as safetensors and TorchScript");
  fetch->add_option("study", study, "first digits of its digest")->required();
  fetch->add_option("-o,--output", output, "folder")->capture_default_str();

  PlanQuestion planned;
  AddPlan(app, &planned);
  app.add_subcommand("simulate", "try a study with the real protocol on made-up data");
  auto* describe = app.add_subcommand("describe-script", "the study file's lines for a TorchScript model");
  describe->add_option("file", file)->required();

  EpsilonQuestion question;
  double noise = 0, rate = 1;
  uint64_t rounds = 1;
  auto* epsilon = app.add_subcommand("epsilon", "what noise, rate and rounds mean in epsilon");
  epsilon->add_option("--noise", noise, "noise multiplier Z of every round");
  epsilon->add_option("--rate", rate, "sampling rate Q in (0, 1]")->capture_default_str();
  epsilon->add_option("--rounds", rounds, "number of rounds T")->capture_default_str();
  epsilon->add_option("--delta", question.delta, "delta, e.g. 1e-6")->required();
  epsilon->add_option("--honest", question.honest, "honest nodes H whose noise the sum holds");
  epsilon->add_option("--phase", question.phases, "Z,Q,T; may be repeated, composes");
  ShowExample(join, "join CODE --organisation research");
  ShowExample(passphrase, "passphrase");
  ShowExample(lint, "lint study.toml --federation");
  ShowExample(propose, "propose study.toml");
  ShowExample(list, "studies");
  ShowExample(watch, "watch 3f9a1c");
  ShowExample(results, "results 3f9a1c --format csv");
  ShowExample(bundle, "bundle 3f9a1c -o bundle");
  ShowExample(fetch, "fetch 3f9a1c -o model");
  ShowExample(epsilon, "epsilon --delta 1e-6 --phase 2,0.1,200 --phase 4,1,1 --honest 34");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  options.folder = folder;
  const auto report = [&](const absl::Status& status) {
    return mutual::client::Report("mutual", status, options.json);
  };
  if (*join) return report(Join(options, code, organisation, address));
  if (app.got_subcommand("plan")) return report(PrintPlan(options, planned));
  if (*passphrase) return report(ChangePassphrase(options, remove));
  if (*lint && with_federation) return report(LintForFederation(options, file));
  if (*lint) return report(LintFile(options, file));
  if (*propose) return report(Propose(options, file));
  if (*list) return report(List(options));
  if (*watch) return report(Watch(options, study));
  if (*results) return report(Results(options, study, options.json ? "json" : format));
  if (*bundle) return report(WriteBundle(options, study, bundle_folder));
  if (*fetch) return report(Fetch(options, study, output));
  if (*describe) return report(DescribeScript(file));
  if (*epsilon) {
    if (epsilon->count("--noise") > 0) {
      question.phases.insert(question.phases.begin(),
                             mutual::FormatDouble(noise) + "," + mutual::FormatDouble(rate) + "," +
                                 std::to_string(rounds));
    }
    return report(PrintEpsilon(options, question));
  }
  return 2;
}
