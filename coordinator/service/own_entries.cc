#include "coordinator/service/own_entries.h"

#include "base/status.h"
#include "base/version.h"
#include "crypto/own_program.h"

namespace mutual::coordinator {
namespace {

using transparency::Entry;
using transparency::EntryWriter;

constexpr char kProgram[] = "mutual-coordinator";
constexpr char kAuditor[] = "mutual-audit";

absl::Status SignAndAppend(PublicLog& log, const Entry& entry) {
  MUTUAL_ASSIGN_OR_RETURN(const transparency::SignedEntry signed_entry, log.Sign(entry));
  return log.Append(signed_entry).status();
}

absl::StatusOr<Entry> IncidentEntry(const IncidentRow& row, const std::string& origin) {
  EntryWriter writer("incident", origin);
  absl::Time time;
  if (!ParseUtc(row.time, &time)) return Internal("the journal has an incident without a time");
  writer.Text("code", row.code).Text("what", row.what).Time("time", time);
  if (!row.study.empty()) {
    MUTUAL_ASSIGN_OR_RETURN(const Digest study, Digest::FromHex(row.study));
    writer.Study(study);
  }
  return writer.Finish();
}

}  // namespace

absl::StatusOr<std::vector<Program>> ProgramsHere() {
  MUTUAL_ASSIGN_OR_RETURN(const Digest own, crypto::DigestOfOwnProgram());
  std::vector<Program> programs = {{kProgram, own}};
  const absl::StatusOr<Digest> auditor = crypto::DigestOfProgramBeside(kAuditor);
  if (auditor.ok()) programs.push_back({kAuditor, *auditor});
  if (!auditor.ok() && !absl::IsNotFound(auditor.status())) return auditor.status();
  return programs;
}

absl::Status LogSoftware(PublicLog& log, const std::vector<Program>& programs, const Clock& clock) {
  for (const Program& program : programs) {
    const std::string last =
        log.DeclaredSoftware(std::string(transparency::kCoordinatorKeyName), program.name);
    if (last == program.digest.ToHex()) continue;
    EntryWriter writer("software", log.origin());
    writer.Text("program", program.name)
        .Text("version", Version())
        .Hash("sha256", program.digest)
        .Time("time", clock.Now());
    MUTUAL_ASSIGN_OR_RETURN(const Entry entry, writer.Finish());
    MUTUAL_RETURN_IF_ERROR(SignAndAppend(log, entry));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Digest>> LogIncidents(PublicLog& log, Journal& journal) {
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<IncidentRow> rows, journal.Incidents());
  std::vector<Digest> stopped;
  for (const IncidentRow& row : rows) {
    MUTUAL_ASSIGN_OR_RETURN(const Entry entry, IncidentEntry(row, log.origin()));
    if (!log.Has(entry)) MUTUAL_RETURN_IF_ERROR(SignAndAppend(log, entry));
    if (row.code != kOperatorStopped) continue;
    MUTUAL_ASSIGN_OR_RETURN(stopped.emplace_back(), Digest::FromHex(row.study));
  }
  return stopped;
}

}  // namespace mutual::coordinator
