// The core's part in masks: duties, entries of join windows and tallies, class sums.
#include <algorithm>

#include "absl/strings/str_join.h"
#include "base/status.h"
#include "coordinator/service/federation_core.h"

namespace mutual::coordinator {
namespace {

absl::Status NoStudy(const Digest& digest) {
  return WithCode(NotFound("no study with digest %s was proposed here", digest.Short()),
                  "STUDY_UNKNOWN");
}

}  // namespace

// The federation is founded with the first study; then the elected must be its witnesses, because a
// close counts only with their cosignatures, and two quorums must share an honest one.
absl::Status FederationCore::CheckScrutineers(const study::Study& study) {
  const study::ScrutineerSpec& spec = study.scrutineers;
  const std::vector<std::string> operated = parts_.state->operator_nodes();
  for (const std::string& name : operated) {
    const auto& declared = spec.operator_nodes;
    if (std::find(declared.begin(), declared.end(), name) != declared.end()) continue;
    return WithCode(FailedPrecondition("%s is run by the coordinator's operator, and the study's "
                                       "operator_nodes do not say so; add it",
                                       name),
                    "OPERATOR_UNDECLARED");
  }
  const size_t liars =
      std::max<size_t>(1, static_cast<size_t>(spec.threshold) - 1 + spec.operator_nodes.size());
  MUTUAL_RETURN_IF_ERROR(admission_.Found(liars));
  const transparency::Policy policy = parts_.log->policy();
  for (const std::string& name : spec.organisations) {
    const bool is_witness =
        std::any_of(policy.witnesses().begin(), policy.witnesses().end(),
                    [&](const transparency::PolicyWitness& one) { return one.name == name; });
    if (is_witness) continue;
    return WithCode(FailedPrecondition(
                        "scrutineer %s is not one of the log's witnesses, want some of "
                        "%s",
                        name,
                        absl::StrJoin(policy.witnesses(), ", ",
                                      [](std::string* out, const auto& one) { *out += one.name; })),
                    "SCRUTINEER_UNKNOWN");
  }
  if (policy.LeastOverlap() > liars) return absl::OkStatus();
  return WithCode(
      FailedPrecondition("two quorums of the log's witnesses share %d of them at least, "
                         "want more than the %d scrutineers and operator's nodes that may "
                         "lie; lower the threshold or begin with more organisations",
                         policy.LeastOverlap(), liars),
      "WITNESS_QUORUM");
}

std::vector<MaskDuty> FederationCore::DutiesFor(const std::string& organisation) {
  const absl::Time now = parts_.clock->Now();
  const std::string checkpoint = parts_.log->checkpoint();
  const absl::MutexLock lock(&mutex_);
  std::vector<MaskDuty> duties;
  for (const auto& run : runs_) {
    for (MaskDuty& duty : run->DutiesFor(organisation, now, checkpoint)) {
      duties.push_back(std::move(duty));
    }
  }
  return duties;
}

absl::StatusOr<std::string> FederationCore::SubmitMaskEntry(const Caller& caller,
                                                            const std::string& bytes,
                                                            const WrappedKeys& wrapped) {
  MUTUAL_ASSIGN_OR_RETURN(const transparency::SignedEntry entry,
                          OwnEntry(caller, bytes, parts_.log->origin(),
                                   {"scrutineer", "masks", "keys-ok", "dispute", "tally"}));
  MUTUAL_ASSIGN_OR_RETURN(const Digest digest, entry.entry.Hash("study"));
  {
    const absl::MutexLock lock(&mutex_);
    StudyRun* const run = Find(digest);
    if (run == nullptr) return NoStudy(digest);
    MUTUAL_RETURN_IF_ERROR(run->CheckMaskEntry(entry.entry, wrapped, parts_.clock->Now()));
  }
  MUTUAL_ASSIGN_OR_RETURN(const LoggedEntry logged, parts_.log->Append(entry));
  {
    const absl::MutexLock lock(&mutex_);
    MUTUAL_RETURN_IF_ERROR(Find(digest)->TakeMaskEntry(logged, wrapped));
    changed_ = true;
  }
  return parts_.log->Receipt(logged.index);
}

absl::StatusOr<WrappedKeys> FederationCore::WrappedFor(const std::string& scrutineer,
                                                       const Digest& study, uint64_t masks) {
  const absl::MutexLock lock(&mutex_);
  const StudyRun* const run = Find(study);
  if (run == nullptr) return NoStudy(study);
  return run->WrappedFor(masks, scrutineer);
}

absl::StatusOr<UploadTicket> FederationCore::CheckClassSum(const Caller& caller,
                                                           const ClassSumName& name) {
  const absl::MutexLock lock(&mutex_);
  StudyRun* const run = Find(name.study);
  if (run == nullptr) return NoStudy(name.study);
  UploadTicket ticket;
  MUTUAL_ASSIGN_OR_RETURN(ticket.sha256, run->WantedClassSum(name.round, name.mask_class));
  ticket.study = name.study;
  ticket.round = name.round;
  ticket.bytes = run->vector_bytes();
  ticket.name = PartialName(caller.organisation, name.study, name.round) + "-class-" +
                std::to_string(name.mask_class);
  return ticket;
}

absl::Status FederationCore::FinishClassSum(const ClassSumName& name, const UploadTicket& ticket) {
  const absl::MutexLock lock(&mutex_);
  StudyRun* const run = Find(name.study);
  if (run == nullptr) return NoStudy(name.study);
  if (run->WantedClassSum(name.round, name.mask_class).ok()) {
    MUTUAL_RETURN_IF_ERROR(run->Apply(ClassSumArrived{name.mask_class, ticket.sha256}));
    changed_ = true;
  }
  return absl::OkStatus();
}

}  // namespace mutual::coordinator
