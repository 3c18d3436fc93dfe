// `mutual-simulate`, which `mutual simulate` runs: a study tried out with the real protocol on
// made-up data.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "base/status.h"
#include "client/node/print.h"
#include "tools/research/federation_size.h"
#include "tools/simulate/no_noise.h"
#include "tools/simulate/report.h"
#include "tools/simulate/simulation.h"

namespace {

using namespace mutual::simulate;  // NOLINT: one page, one tool

constexpr char kExample[] =
    "\nExample:\n"
    "  mutual simulate study.toml --nodes 40 --members 250\n"
    "  mutual simulate study.toml --data north.csv --data south.csv --data east.csv --repeat 20\n"
    "  mutual simulate study.toml --data pay.csv --split-by branch --resample --repeat 200 --json\n"
    "  mutual simulate study.toml --nodes 12 --drop-out 0.2 --byzantine wrong-length:1 --out try\n"
    "  mpirun -n 4 mutual-simulate study.toml --nodes 40 --repeat 1000\n"
    "\nKinds for --byzantine: wrong-length, bad-digest, twice, late, forged, bad-keys, "
    "lying-scrutineer,\n"
    "silent-scrutineer; each as KIND:COUNT.\n"
    "\nExit codes: 0 every repeat finished, 1 failed, 2 wrong usage, 3 some repeats were "
    "abandoned.\n";

struct Arguments {
  SimulationRequest request;
  int nodes = 12;
  std::string members = "100", noise = "on", out, scratch;
  std::vector<std::string> byzantine;
  bool json = false;
};

void AddOptions(CLI::App& app, Arguments* arguments) {
  SimulationRequest& request = arguments->request;
  app.add_option("file", request.study_file, "the study")->required();
  app.add_option("--nodes", arguments->nodes, "organisations with made-up members")
      ->capture_default_str();
  app.add_option("--members", arguments->members,
                 "members of each: 250, a list such as 120,80,300, or lognormal:MEDIAN:SIGMA")
      ->capture_default_str();
  auto* data = app.add_option("--data", request.data.files,
                              "CSV file or node.toml of one organisation; may be repeated");
  app.add_option("--split-by", request.data.split_by, "column that cuts the one table of --data")
      ->needs(data);
  app.add_flag("--resample", request.data.resample, "draw members anew from the tables each time")
      ->needs(data);
  app.add_option("--seed", request.seed, "the same seed, the same results")->capture_default_str();
  app.add_option("--repeat", request.repeats, "how often")->capture_default_str();
  app.add_option("--drop-out", request.drop_out, "chance that an organisation misses a round")
      ->capture_default_str();
  app.add_option("--slow", request.slow, "chance that it answers slowly; every third is too late")
      ->capture_default_str();
  app.add_option("--byzantine", arguments->byzantine, "KIND:COUNT organisations that do wrong");
  app.add_option("--noise", arguments->noise, "off: for comparisons; every output says so")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  app.add_option("--out", arguments->out,
                 "new folder for the first repeat's log, files and results");
  app.add_option("--jobs", request.jobs, "repeats at a time; 0: one a core")->capture_default_str();
  app.add_option("--scratch", arguments->scratch, "folder for what is written meanwhile");
  app.add_flag("--verbose", request.is_chatty, "what coordinator and nodes say, on stderr");
  app.add_flag("--json", arguments->json, "print JSON");
}

absl::Status Complete(Arguments* arguments) {
  SimulationRequest& request = arguments->request;
  request.has_noise = arguments->noise == "on";
  request.out = arguments->out;
  request.scratch = arguments->scratch;
  request.shows_progress = ::isatty(STDERR_FILENO) != 0 && !request.is_chatty;
  for (const std::string& text : arguments->byzantine) {
    MUTUAL_ASSIGN_OR_RETURN(request.misdeeds.emplace_back(), ParseMisdeeds(text));
  }
  if (!request.data.files.empty()) return absl::OkStatus();
  MUTUAL_ASSIGN_OR_RETURN(request.data.sizes,
                          mutual::research::ParseMembers(arguments->members, arguments->nodes));
  return absl::OkStatus();
}

absl::Status Run(Arguments& arguments, Ranks& ranks, bool* all_finished) {
  const absl::Status complete = Complete(&arguments);
  if (!complete.ok()) return complete;  // on every rank alike
  MUTUAL_ASSIGN_OR_RETURN(const SimulationReport report, Simulate(arguments.request, ranks));
  if (ranks.rank() != 0) return absl::OkStatus();
  const nlohmann::ordered_json json = JsonOf(arguments.request, report);
  const std::string text = TextOf(arguments.request, report);
  *all_finished = json["finished"].get<size_t>() == report.repeats.size();
  if (!arguments.out.empty()) {
    const std::filesystem::path out = arguments.out;
    MUTUAL_RETURN_IF_ERROR(mutual::WriteFileDurably(out / "results.json", json.dump(2) + "\n",
                                                    mutual::FileMode::kPublic));
    MUTUAL_RETURN_IF_ERROR(
        mutual::WriteFileDurably(out / "results.txt", text, mutual::FileMode::kPublic));
    if (!arguments.request.has_noise) {
      MUTUAL_RETURN_IF_ERROR(mutual::WriteFileDurably(
          out / "WITHOUT-NOISE", std::string(kNoNoiseMark) + "\n", mutual::FileMode::kPublic));
    }
  }
  std::fputs(arguments.json ? (json.dump(2) + "\n").c_str() : text.c_str(), stdout);
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  // One thread a node: many nodes compute at once, and results must not depend on their number.
  ::setenv("OMP_NUM_THREADS", "1", 1);
  ::setenv("OPENBLAS_NUM_THREADS", "1", 1);
  const std::unique_ptr<Ranks> ranks = Ranks::Begin(&argc, &argv);
  CLI::App app("mutual simulate: try a study with the real protocol before anybody is asked.");
  app.footer(kExample);
  Arguments arguments;
  AddOptions(app, &arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  bool all_finished = true;
  const absl::Status status = Run(arguments, *ranks, &all_finished);
  if (!status.ok()) return mutual::client::Report("mutual simulate", status, arguments.json);
  return all_finished ? 0 : 3;
}
