#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "client/data/data_source.h"
#include "client/data/node_config.h"
#include "client/ledger/ledger.h"
#include "client/node/commands.h"
#include "client/node/print.h"
#include "client/node/round_guard.h"

namespace mutual::client {
namespace {

constexpr uint64_t kStudyBytes = 1 << 20;

absl::StatusOr<std::unique_ptr<Ledger>> OpenLedger(const CommandOptions& options) {
  const std::filesystem::path path = options.folder / "ledger.sqlite";
  if (!std::filesystem::exists(path)) {
    return WithCode(
        FailedPrecondition("%s has no ledger; join a federation first", options.folder.string()),
        "NOT_JOINED");
  }
  return Ledger::Open(path.string());
}

absl::Status UsableRows(const ReadReport& report) {
  if (report.rows_accepted > 0) return absl::OkStatus();
  return WithCode(FailedPrecondition("no row can be used; mend node.toml or the table"),
                  "SCHEMA_NOT_MET");
}

}  // namespace

absl::Status CheckData(const CommandOptions& options, const std::string& study_file) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string text, ReadFile(study_file, kStudyBytes));
  MUTUAL_ASSIGN_OR_RETURN(const study::Study study, study::ParseStudy(text, SolveNoise));
  MUTUAL_ASSIGN_OR_RETURN(const NodeConfig config, LoadNodeConfig(options.folder / "node.toml"));
  const auto table = config.tables.find(study.table);
  if (table == config.tables.end()) {
    return WithCode(FailedPrecondition(
                        "node.toml has no [tables.%s], which the study reads; add it", study.table),
                    "SCHEMA_NOT_MET");
  }
  MUTUAL_ASSIGN_OR_RETURN(const ReadReport report,
                          ReadTable(table->second, study.schema,
                                    [](const std::string&, const std::vector<double>&) {}));
  if (options.json) {
    nlohmann::ordered_json json = {{"rows_read", report.rows_read},
                                   {"rows_accepted", report.rows_accepted},
                                   {"rows_rejected", report.rows_rejected},
                                   {"members", report.members},
                                   {"rows_without", nlohmann::ordered_json::object()},
                                   {"rejections", nlohmann::ordered_json::array()}};
    for (const auto& [column, rows] : report.rows_without) json["rows_without"][column] = rows;
    for (const Rejection& rejection : report.rejections) {
      json["rejections"].push_back({{"line", rejection.line}, {"reason", rejection.reason}});
    }
    std::printf("%s\n", json.dump(2).c_str());
    return UsableRows(report);
  }
  std::printf(
      "%s: %llu rows read, %llu accepted, %llu rejected; %llu members. Nothing was written "
      "or sent.\n",
      table->second.file.c_str(), static_cast<unsigned long long>(report.rows_read),
      static_cast<unsigned long long>(report.rows_accepted),
      static_cast<unsigned long long>(report.rows_rejected),
      static_cast<unsigned long long>(report.members));
  for (const auto& [column, rows] : report.rows_without) {
    std::printf("  accepted rows without %s: %llu; whatever needs it leaves them out\n",
                column.c_str(), static_cast<unsigned long long>(rows));
  }
  for (const Rejection& rejection : report.rejections) {
    std::printf("  line %llu: %s\n", static_cast<unsigned long long>(rejection.line),
                rejection.reason.c_str());
  }
  return UsableRows(report);
}

absl::Status ShowBudget(const CommandOptions& options) {
  MUTUAL_ASSIGN_OR_RETURN(const NodeConfig config, LoadNodeConfig(options.folder / "node.toml"));
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> ledger, OpenLedger(options));
  const SystemClock clock;
  const int year = static_cast<int>(absl::ToCivilYear(clock.Now(), absl::UTCTimeZone()).year());
  MUTUAL_ASSIGN_OR_RETURN(const auto node, ledger->Spent(year, Digest{}, privacy::Figure::kNode));
  MUTUAL_ASSIGN_OR_RETURN(const auto released,
                          ledger->Spent(year, Digest{}, privacy::Figure::kPublic));
  const double spent_node = privacy::YearlyEpsilon(config.policy, node.year);
  const double spent_public = privacy::YearlyEpsilon(config.policy, released.year);
  if (options.json) {
    const nlohmann::ordered_json json = {
        {"year", year},
        {"epsilon_node_spent", spent_node},
        {"epsilon_node_limit", config.policy.yearly_epsilon_node},
        {"epsilon_public_spent", spent_public},
        {"epsilon_public_limit", config.policy.yearly_epsilon_public},
        {"delta", config.policy.delta}};
    std::printf("%s\n", json.dump(2).c_str());
    return absl::OkStatus();
  }
  std::printf(
      "Privacy spent in %d (renews on 1 January %d), per member, chance of failure %g:\n"
      "  if everyone else colludes: %.3f of %.3f (epsilon_node)\n"
      "  from published results:    %.3f of %.3f (epsilon_public)\n",
      year, year + 1, config.policy.delta, spent_node, config.policy.yearly_epsilon_node,
      spent_public, config.policy.yearly_epsilon_public);
  return absl::OkStatus();
}

absl::Status CopyReceipts(const CommandOptions& options, const std::filesystem::path& target) {
  std::error_code error;
  std::filesystem::create_directories(target, error);
  const auto copy =
      std::filesystem::copy_options::overwrite_existing | std::filesystem::copy_options::recursive;
  if (!error && std::filesystem::exists(options.folder / "receipts")) {
    std::filesystem::copy(options.folder / "receipts", target, copy, error);
  }
  if (error) {
    return Unavailable("the receipts cannot be copied to %s: %s; choose another folder",
                       target.string(), error.message());
  }
  Print(options.json, {{"receipts", target.string()}},
        "The receipts are in " + target.string() + ". Check them with: mutual-audit receipt " +
            target.string() + "/*");
  return absl::OkStatus();
}

absl::Status ShowSent(const CommandOptions& options) {
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> ledger, OpenLedger(options));
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<ContributionRecord> sent, ledger->Contributions());
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  if (sent.empty() && !options.json) std::printf("Nothing has left this machine.\n");
  for (const ContributionRecord& record : sent) {
    const std::string when = record.sent ? FormatUtc(*record.sent) : "not yet acknowledged";
    json.push_back({{"study", record.study.ToHex()},
                    {"round", record.round},
                    {"bytes", record.bytes},
                    {"sha256", record.sha256.ToHex()},
                    {"created", FormatUtc(record.created)},
                    {"sent", when}});
    if (!options.json) {
      std::printf("%s  study %s round %llu  %llu bytes  sha256 %s\n", when.c_str(),
                  record.study.Short().c_str(), static_cast<unsigned long long>(record.round),
                  static_cast<unsigned long long>(record.bytes), record.sha256.ToHex().c_str());
    }
  }
  if (options.json) std::printf("%s\n", json.dump(2).c_str());
  return absl::OkStatus();
}

}  // namespace mutual::client
