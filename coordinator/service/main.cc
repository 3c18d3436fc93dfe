// `mutual-coordinator`: begins a federation, invites organisations, serves.
#include <signal.h>

#include <CLI/CLI.hpp>

#include <atomic>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/status.h"
#include "coordinator/enrolment/federation_state.h"
#include "coordinator/service/own_entries.h"
#include "base/file.h"
#include "coordinator/service/serve.h"
#include "coordinator/service/start_model.h"
#include "crypto/passphrase.h"

namespace mutual::coordinator {
namespace {

constexpr char kExample[] =
    "\nExample:\n"
    "  mutual-coordinator init fed --federation fed.example --listen 0.0.0.0:7443 --address "
    "fed.example:7443\n"
    "  mutual-coordinator invite --dir fed --role node\n"
    "  mutual-coordinator serve --dir fed\n"
    "\nExit codes: 0 done, 1 failed, 2 wrong usage.\n";

struct Options {
  std::string folder = "mutual-coordinator", federation = "fed.example";
  std::string model_file;
  std::string listen = "127.0.0.1:7443", address = "127.0.0.1:7443", role = "node", organisation;
  std::string code, what, study, log_folder;
  int days = 14, count = 1;
  bool json = false, with_passphrase = false, remove = false;
};

// `sentence`, or `json` with --json.
void Print(const Options& options, const nlohmann::ordered_json& json, const std::string& sentence) {
  std::printf("%s\n", options.json ? json.dump(2).c_str() : sentence.c_str());
}

int Report(const Options& options, const absl::Status& status) {
  if (status.ok()) return 0;
  const nlohmann::ordered_json json = {
      {"error", {{"code", ErrorCode(status)}, {"message", std::string(status.message())}}}};
  const auto replace = nlohmann::ordered_json::error_handler_t::replace;
  const std::string text = options.json ? json.dump(2, ' ', false, replace)
                                        : "mutual-coordinator: " + Describe(status);
  std::fprintf(stderr, "%s\n", text.c_str());
  return 1;
}

absl::StatusOr<std::unique_ptr<Journal>> OpenJournal(const FederationState& state) {
  return Journal::Open((state.folder() / "journal.sqlite").string());
}

absl::Status Init(const Options& options) {
  const SystemClock clock;
  MUTUAL_RETURN_IF_ERROR(FederationState::Init(
      {options.folder, options.federation, options.listen, options.address, clock.Now(),
       options.with_passphrase}));
  Print(options, {{"federation", options.federation}, {"folder", options.folder}},
        "Federation " + options.federation + " begun in " + options.folder + ". Next: invite, then serve.");
  return absl::OkStatus();
}

absl::Status Invite(const Options& options) {
  const SystemClock clock;
  MUTUAL_ASSIGN_OR_RETURN(const auto state, FederationState::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const auto journal, OpenJournal(*state));
  for (int i = 0; i < options.count; ++i) {
    MUTUAL_ASSIGN_OR_RETURN(const std::string code,
                            state->Invite(*journal, options.role,
                                          clock.Now() + absl::Hours(24) * options.days));
    if (options.json) {
      std::printf("%s\n", nlohmann::ordered_json({{"code", code}, {"role", options.role}}).dump().c_str());
    } else {
      std::printf("%s\n", code.c_str());
    }
  }
  return absl::OkStatus();
}

absl::Status Revoke(const Options& options) {
  const SystemClock clock;
  MUTUAL_ASSIGN_OR_RETURN(const auto state, FederationState::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const auto journal, OpenJournal(*state));
  MUTUAL_RETURN_IF_ERROR(journal->Revoke(options.organisation, FormatUtc(clock.Now())));
  Print(options, {{"revoked", options.organisation}},
        options.organisation + " is revoked; a running coordinator refuses it within a second.");
  return absl::OkStatus();
}

// The log's words are one line each.
absl::Status CheckRecord(const Options& options) {
  const bool is_code =
      !options.code.empty() &&
      options.code.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == std::string::npos;
  if (!is_code) return InvalidArgument("code is \"%s\", want capitals and _", options.code);
  return transparency::EntryWriter("incident", "fed.example/audit")
      .Text("code", options.code)
      .Text("what", options.what)
      .Time("time", absl::UnixEpoch())
      .Finish()
      .status();
}

absl::Status Record(const Options& options) {
  const SystemClock clock;
  MUTUAL_RETURN_IF_ERROR(CheckRecord(options));
  MUTUAL_ASSIGN_OR_RETURN(const auto state, FederationState::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const auto journal, OpenJournal(*state));
  MUTUAL_RETURN_IF_ERROR(
      journal->AddIncident({options.code, options.what, FormatUtc(clock.Now()), ""}));
  Print(options, {{"recorded", options.code}},
        "Recorded; a running coordinator writes it to the log within a second.");
  return absl::OkStatus();
}

absl::Status Stop(Options options) {
  const SystemClock clock;
  options.code = kOperatorStopped;
  MUTUAL_RETURN_IF_ERROR(CheckRecord(options));
  MUTUAL_ASSIGN_OR_RETURN(const auto state, FederationState::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const auto journal, OpenJournal(*state));
  MUTUAL_ASSIGN_OR_RETURN(const auto studies, journal->Studies());
  std::vector<std::string> found;
  for (const StudyRecord& study : studies) {
    const std::string digest = study.digest.ToHex();
    if (digest.rfind(options.study, 0) == 0) found.push_back(digest);
  }
  if (options.study.size() < 4 || found.size() != 1) {
    return NotFound(
        "%d studies have a digest beginning with \"%s\", want exactly one and at least 4 "
        "digits; list them with: mutual-coordinator status",
        found.size(), options.study);
  }
  MUTUAL_RETURN_IF_ERROR(
      journal->AddIncident({options.code, options.what, FormatUtc(clock.Now()), found[0]}));
  Print(options, {{"stopped", found[0]}},
        "Study " + found[0].substr(0, 12) +
            " is stopped; a running coordinator writes it to the log and ends it within a second.");
  return absl::OkStatus();
}

absl::Status Status(const Options& options) {
  MUTUAL_ASSIGN_OR_RETURN(const auto state, FederationState::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const auto journal, OpenJournal(*state));
  MUTUAL_ASSIGN_OR_RETURN(const auto organisations, journal->Organisations());
  MUTUAL_ASSIGN_OR_RETURN(const auto studies, journal->Studies());
  nlohmann::ordered_json json = {{"federation", state->federation()},
                                 {"organisations", nlohmann::ordered_json::array()},
                                 {"studies", nlohmann::ordered_json::array()}};
  for (const Organisation& organisation : organisations) {
    json["organisations"].push_back({{"name", organisation.name}, {"role", organisation.role},
                                     {"enrolled", organisation.enrolled_at},
                                     {"revoked", organisation.revoked_at}});
  }
  for (const StudyRecord& study : studies) {
    json["studies"].push_back({{"digest", study.digest.ToHex()}, {"state", study.state},
                               {"reason", study.reason}, {"proposed", study.proposed_at}});
  }
  if (options.json) {
    std::printf("%s\n", json.dump(2).c_str());
    return absl::OkStatus();
  }
  std::printf("%s: %zu organisations, %zu studies\n", state->federation().c_str(),
              organisations.size(), studies.size());
  for (const auto& organisation : organisations) {
    std::printf("  %-20s %-10s %s\n", organisation.name.c_str(), organisation.role.c_str(),
                organisation.revoked_at.empty() ? "" : "revoked");
  }
  for (const auto& study : studies) {
    std::printf("  study %s  %s %s\n", study.digest.Short().c_str(), study.state.c_str(),
                study.reason.c_str());
  }
  return absl::OkStatus();
}

absl::Status Share(const Options& options) {
  constexpr uint64_t kMostBytes = uint64_t{1} << 28;
  MUTUAL_ASSIGN_OR_RETURN(const auto state, FederationState::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const auto journal, OpenJournal(*state));
  MUTUAL_ASSIGN_OR_RETURN(const auto store, ContentStore::Open(state->folder() / "content"));
  MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(options.model_file, kMostBytes));
  MUTUAL_ASSIGN_OR_RETURN(
      const Digest digest, ShareModel({journal.get(), store.get(), state->folder()}, bytes));
  std::printf("start_model = \"%s\"\n", digest.ToHex().c_str());
  return absl::OkStatus();
}

absl::Status Passphrase(const Options& options) {
  MUTUAL_RETURN_IF_ERROR(crypto::ChangePassphrase(
      std::filesystem::path(options.folder) / "keys",
      options.remove ? crypto::PassphraseChange::kRemove : crypto::PassphraseChange::kSet));
  Print(options, {{"passphrase", !options.remove}},
        options.remove ? "The keys are kept without a passphrase." : "The keys are sealed under the passphrase.");
  return absl::OkStatus();
}

std::atomic<bool> interrupted = false;
void OnSignal(int) { interrupted = true; }

absl::Status Serve(const Options& options) {
  ::signal(SIGINT, OnSignal);
  ::signal(SIGTERM, OnSignal);
  const auto say = [&options](const std::string& line) {
    const std::string now = FormatUtc(SystemClock().Now());
    const nlohmann::ordered_json json = {{"time", now}, {"message", line}};
    std::printf("%s\n", options.json ? json.dump().c_str() : (now + "  " + line).c_str());
    std::fflush(stdout);
  };
  return coordinator::Serve({options.folder, options.log_folder, say}, interrupted);
}

// The footer of a subcommand's --help.
void ShowExample(CLI::App* command, const std::string& arguments) {
  command->footer("\nExample:\n  mutual-coordinator " + arguments + "\n");
}

int Main(int argc, char** argv) {
  CLI::App app("mutual-coordinator: asks organisations for sums, never for rows.");
  app.footer(kExample);
  app.require_subcommand(1);
  app.fallthrough();
  Options options;
  app.add_option("--dir", options.folder, "the federation's folder")->capture_default_str();
  app.add_flag("--json", options.json, "print JSON");
  auto* init = app.add_subcommand("init", "begin a federation: certificate authority, keys, configuration");
  init->add_option("folder", options.folder, "where to keep it");
  init->add_option("--federation", options.federation, "name, e.g. fed.example")->capture_default_str();
  init->add_option("--listen", options.listen, "host:port to listen on")->capture_default_str();
  init->add_option("--address", options.address, "host:port that nodes dial")->capture_default_str();
  init->add_flag("--passphrase", options.with_passphrase, "keep the keys under a passphrase");
  auto* passphrase = app.add_subcommand("passphrase", "set or change the passphrase of the keys");
  passphrase->add_flag("--remove", options.remove, "keep the keys without one");
  auto* invite = app.add_subcommand("invite", "print a single-use invitation code");
  invite->add_option("--role", options.role, "node or researcher")->capture_default_str();
  invite->add_option("--days", options.days, "days until it expires")->capture_default_str();
  invite->add_option("--count", options.count, "how many codes")->capture_default_str();
  auto* revoke = app.add_subcommand("revoke", "end an organisation's membership");
  revoke->add_option("organisation", options.organisation)->required();
  auto* share = app.add_subcommand("share-model", "let studies begin from a public model");
  share->add_option("file", options.model_file, "flat little-endian float32 numbers")->required();
  auto* stop =
      app.add_subcommand("stop", "end a study; the log says that the operator did, and why");
  stop->add_option("study", options.study, "first digits of the study's digest")->required();
  stop->add_option("--why", options.what, "one sentence for the public log")->required();
  auto* record = app.add_subcommand("record", "put an incident on record in the public log");
  record->add_option("code", options.code, "a word in capitals, e.g. POWER_CUT")->required();
  record->add_option("what", options.what, "one sentence for the public log")->required();
  auto* serve = app.add_subcommand("serve", "run the coordinator until stopped");
  serve->add_option("--log-dir", options.log_folder,
                    "where the log's public files are, for a web server to serve them");
  auto* status = app.add_subcommand("status", "organisations and studies");
  ShowExample(init, "init fed --federation fed.example --listen 0.0.0.0:7443 --address fed.example:7443");
  ShowExample(passphrase, "--dir fed passphrase");
  ShowExample(invite, "--dir fed invite --role node --count 6");
  ShowExample(revoke, "--dir fed revoke north-07");
  ShowExample(serve, "--dir fed serve");
  ShowExample(stop, "--dir fed stop 3f9a1c --why \"A column was misread.\"");
  ShowExample(record, "--dir fed record POWER_CUT \"The machine was without power for an hour.\"");
  ShowExample(status, "--dir fed status --json");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const absl::Status result = *init     ? Init(options)
                              : *invite ? Invite(options)
                              : *revoke ? Revoke(options)
                              : *share  ? Share(options)
                              : *stop   ? Stop(options)
                              : *record ? Record(options)
                              : *serve  ? Serve(options)
                              : *status ? Status(options)
                              : *passphrase ? Passphrase(options)
                                        : absl::OkStatus();
  return Report(options, result);
}

}  // namespace
}  // namespace mutual::coordinator

int main(int argc, char** argv) { return mutual::coordinator::Main(argc, argv); }
