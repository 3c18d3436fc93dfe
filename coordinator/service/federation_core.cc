#include "coordinator/service/federation_core.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_format.h"
#include "base/encoding.h"
#include "base/status.h"
#include "coordinator/service/start_model.h"
#include "crypto/certificate.h"
#include "study/organisation_figure.h"

namespace mutual::coordinator {
namespace {

constexpr absl::Duration kRosterAge = absl::Seconds(1);  // how soon a revocation takes effect

absl::Status NoStudy(const Digest& digest) {
  return WithCode(NotFound("no study with digest %s was proposed here", digest.Short()),
                  "STUDY_UNKNOWN");
}

absl::Status BadStatement(const std::string& why) {
  return WithCode(PermissionDenied("the signed entry is refused: %s", why), "BAD_STATEMENT");
}

// Lint knows only the organisations that the file names; here all are known, former ones too.
absl::Status CheckFigures(Journal& journal, const study::Study& study) {
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<Organisation> enrolled, journal.Organisations());
  std::vector<std::string> names;
  for (const Organisation& organisation : enrolled) names.push_back(organisation.name);
  const auto problem = study::OrganisationFigure(study, names);
  if (!problem) return absl::OkStatus();
  return WithCode(InvalidArgument("line %d: %s", problem->line, problem->message), problem->code);
}

}  // namespace

absl::StatusOr<transparency::SignedEntry> OwnEntry(const Caller& caller, const std::string& bytes,
                                                   const std::string& origin,
                                                   const std::set<std::string>& types) {
  MUTUAL_ASSIGN_OR_RETURN(transparency::SignedEntry entry, transparency::ParseSignedEntry(bytes));
  if (types.count(entry.entry.type()) == 0) return BadStatement("it is of another type");
  if (entry.entry.log() != origin) return BadStatement("it is for another log");
  MUTUAL_ASSIGN_OR_RETURN(const std::string name, entry.entry.Text(caller.role));
  if (name != caller.organisation) return BadStatement("it names another organisation");
  const std::string key_name = caller.role == "node" ? transparency::NodeKeyName(name)
                                                     : transparency::ResearcherKeyName(name);
  MUTUAL_ASSIGN_OR_RETURN(
      const transparency::NoteVerifier key,
      transparency::NoteVerifier::Create(key_name, transparency::KeyType::kNote, caller.identity));
  const std::vector<transparency::NoteVerifier> keys = {key};
  // Only what must be there stays: nobody else's signature lines go into the log.
  MUTUAL_ASSIGN_OR_RETURN(entry.note, transparency::VerifyNote(entry.note, keys));
  MUTUAL_RETURN_IF_ERROR(transparency::CheckSigners(entry, keys));
  return entry;
}

absl::StatusOr<std::unique_ptr<FederationCore>> FederationCore::Start(const Parts& parts) {
  std::unique_ptr<FederationCore> core(new FederationCore(parts));
  MUTUAL_ASSIGN_OR_RETURN(core->programs_, ProgramsHere());
  MUTUAL_RETURN_IF_ERROR(core->LoadAll());
  core->worker_ = std::thread([raw = core.get()] { raw->Work(); });
  return core;
}

FederationCore::~FederationCore() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (worker_.joinable()) worker_.join();
}

absl::Status FederationCore::LoadAll() {
  const RunParts run_parts{parts_.journal, parts_.store, parts_.log, parts_.retention};
  MUTUAL_ASSIGN_OR_RETURN(std::vector<StudyRecord> records, parts_.journal->Studies());
  const absl::MutexLock lock(&mutex_);
  for (StudyRecord& record : records) {
    MUTUAL_ASSIGN_OR_RETURN(runs_.emplace_back(), StudyRun::Load(run_parts, std::move(record)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> FederationCore::Join(const JoinRequest& request) {
  auto certificate = admission_.Join(request);
  const absl::MutexLock lock(&mutex_);
  roster_read_ = absl::InfinitePast();
  if (certificate.ok()) parts_.say("a new organisation has joined");
  return certificate;
}

absl::StatusOr<Caller> FederationCore::Authenticate(const std::string& certificate_pem) {
  if (certificate_pem.empty()) {
    return WithCode(
        Unauthenticated("no client certificate was presented; join the federation first"),
        "CERTIFICATE_MISSING");
  }
  const absl::Time now = parts_.clock->Now();
  MUTUAL_ASSIGN_OR_RETURN(const crypto::CertificateInfo info,
                          certificates_.Verify(certificate_pem, now));
  const absl::MutexLock lock(&mutex_);
  if (now > roster_read_ + kRosterAge || now < roster_read_) {
    MUTUAL_ASSIGN_OR_RETURN(const std::vector<Organisation> all, parts_.journal->Organisations());
    organisations_.clear();
    for (const Organisation& organisation : all) organisations_[organisation.name] = organisation;
    roster_read_ = now;
  }
  const auto found = organisations_.find(info.subject.organisation);
  if (found == organisations_.end() || found->second.certificate != info.fingerprint.ToHex()) {
    return WithCode(Unauthenticated("this certificate is not on the roster; join again"),
                    "CERTIFICATE_UNKNOWN");
  }
  if (!found->second.revoked_at.empty()) {
    return WithCode(Unauthenticated("%s was revoked on %s; talk to the coordinator's operator",
                                    found->second.name, found->second.revoked_at),
                    "CERTIFICATE_REVOKED");
  }
  MUTUAL_ASSIGN_OR_RETURN(const std::string key, HexDecode(found->second.identity_key));
  MUTUAL_ASSIGN_OR_RETURN(const crypto::VerifyKey identity,
                          crypto::VerifyKey::FromBytes(AsBytes(key)));
  return Caller{found->second.name, found->second.role, identity};
}

std::set<std::string> FederationCore::ActiveNodes() const {
  std::set<std::string> nodes;
  for (const auto& [name, organisation] : organisations_) {
    if (organisation.role == "node" && organisation.revoked_at.empty()) nodes.insert(name);
  }
  return nodes;
}

absl::StatusOr<Digest> FederationCore::Propose(const Caller& caller, const std::string& text,
                                               const std::string& entry_bytes) {
  const absl::Time now = parts_.clock->Now();
  const study::LintResult lint = study::Lint(text, now, SolveNoise);
  if (!lint.study) {
    std::string all;
    for (const study::Problem& problem : lint.problems) {
      all += absl::StrFormat("\n  line %d: %s", problem.line, problem.message);
    }
    return WithCode(InvalidArgument("the study has problems:%s", all), "STUDY_INVALID");
  }
  {
    const absl::MutexLock lock(&mutex_);
    if (Find(lint.study->digest) != nullptr) return lint.study->digest;  // idempotent
  }
  MUTUAL_ASSIGN_OR_RETURN(const transparency::SignedEntry entry,
                          OwnEntry(caller, entry_bytes, parts_.log->origin(), {"propose"}));
  MUTUAL_ASSIGN_OR_RETURN(const auto recipe, study::MakeRecipe(*lint.study));
  MUTUAL_ASSIGN_OR_RETURN(const Digest digest, entry.entry.Hash("study"));
  MUTUAL_ASSIGN_OR_RETURN(const auto terms, transparency::StudyTerms::Of(entry.entry));
  MUTUAL_ASSIGN_OR_RETURN(const auto masks, transparency::MaskTerms::Of(entry.entry));
  if (digest != lint.study->digest || terms != TermsOf(*lint.study, *recipe) ||
      masks != MaskTermsOf(*lint.study)) {
    return BadStatement("it is not what the study file says");
  }
  MUTUAL_RETURN_IF_ERROR(
      CheckStartModel({parts_.journal, parts_.store, parts_.state->folder()}, *lint.study));
  MUTUAL_RETURN_IF_ERROR(CheckScrutineers(*lint.study));
  MUTUAL_RETURN_IF_ERROR(CheckFigures(*parts_.journal, *lint.study));
  // Kept by its digest, so that an auditor of the content folder can replay the study.
  MUTUAL_RETURN_IF_ERROR(parts_.store->Put(text).status());
  MUTUAL_RETURN_IF_ERROR(parts_.log->Append(entry).status());
  StudyRecord record;
  record.digest = lint.study->digest;
  record.text = text;
  record.proposer = caller.organisation;
  record.proposed_at = FormatUtc(now);
  record.state = "proposed";
  const absl::MutexLock lock(&mutex_);
  if (Find(record.digest) != nullptr) return record.digest;
  MUTUAL_RETURN_IF_ERROR(parts_.journal->SaveStudy(record));
  const RunParts run_parts{parts_.journal, parts_.store, parts_.log, parts_.retention};
  MUTUAL_ASSIGN_OR_RETURN(runs_.emplace_back(), StudyRun::Load(run_parts, record));
  changed_ = true;
  parts_.say("study " + record.digest.Short() + " proposed by " + caller.organisation);
  return record.digest;
}

StudyRun* FederationCore::Find(const Digest& digest) {
  for (const auto& run : runs_) {
    if (run->study().digest == digest) return run.get();
  }
  return nullptr;
}

StudyView FederationCore::ViewOf(const StudyRun& run) const {
  return {run.record(),         run.study().title, run.rounds_released(),
          run.study().rounds(), run.accepted(),    run.refused()};
}

std::vector<StudyView> FederationCore::Studies() {
  const absl::MutexLock lock(&mutex_);
  std::vector<StudyView> views;
  for (const auto& run : runs_) views.push_back(ViewOf(*run));
  return views;
}

absl::StatusOr<StudyView> FederationCore::Study(const Digest& digest) {
  const absl::MutexLock lock(&mutex_);
  const StudyRun* const run = Find(digest);
  if (run == nullptr) return NoStudy(digest);
  return ViewOf(*run);
}

absl::StatusOr<std::string> FederationCore::Answer(const Caller& caller, const std::string& bytes) {
  MUTUAL_ASSIGN_OR_RETURN(const transparency::SignedEntry entry,
                          OwnEntry(caller, bytes, parts_.log->origin(), {"mandate", "objection"}));
  MUTUAL_ASSIGN_OR_RETURN(const Digest digest, entry.entry.Hash("study"));
  {
    const absl::MutexLock lock(&mutex_);
    if (Find(digest) == nullptr) return NoStudy(digest);
  }
  MUTUAL_ASSIGN_OR_RETURN(const LoggedEntry logged, parts_.log->Append(entry));
  {
    const absl::MutexLock lock(&mutex_);
    MUTUAL_RETURN_IF_ERROR(Find(digest)->TakeAnswer(
        {caller.organisation, entry.entry.type() == "mandate", logged.bytes}));
    changed_ = true;
  }
  return parts_.log->Receipt(logged.index);
}

absl::Status FederationCore::Declare(const Caller& caller, const std::string& bytes) {
  MUTUAL_ASSIGN_OR_RETURN(const transparency::SignedEntry entry,
                          OwnEntry(caller, bytes, parts_.log->origin(), {"software"}));
  MUTUAL_ASSIGN_OR_RETURN(const std::string program, entry.entry.Text("program"));
  MUTUAL_ASSIGN_OR_RETURN(const Digest digest, entry.entry.Hash("sha256"));
  const std::string subject = caller.role == "node"
                                  ? transparency::NodeKeyName(caller.organisation)
                                  : transparency::ResearcherKeyName(caller.organisation);
  if (parts_.log->DeclaredSoftware(subject, program) == digest.ToHex()) return absl::OkStatus();
  return parts_.log->Append(entry).status();
}

std::vector<std::string> FederationCore::NoticesFor(const std::string& node) {
  const absl::MutexLock lock(&mutex_);
  std::vector<std::string> notices;
  for (const auto& run : runs_) {
    if (auto notice = run->NoticeFor(node)) notices.push_back(*std::move(notice));
  }
  return notices;
}

std::string FederationCore::PartialName(const std::string& node, const Digest& study,
                                        uint64_t round) {
  return study.Short() + "-" + std::to_string(round) + "-" + node;
}

absl::StatusOr<UploadTicket> FederationCore::CheckUpload(const Caller& caller,
                                                         const std::string& bytes) {
  MUTUAL_ASSIGN_OR_RETURN(const transparency::SignedEntry entry,
                          OwnEntry(caller, bytes, parts_.log->origin(), {"contribution"}));
  UploadTicket ticket;
  MUTUAL_ASSIGN_OR_RETURN(ticket.study, entry.entry.Hash("study"));
  MUTUAL_ASSIGN_OR_RETURN(ticket.round, entry.entry.Integer("round"));
  MUTUAL_ASSIGN_OR_RETURN(ticket.sha256, entry.entry.Hash("sha256"));
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t length, entry.entry.Integer("vector-len"));
  const absl::MutexLock lock(&mutex_);
  StudyRun* const run = Find(ticket.study);
  if (run == nullptr) return NoStudy(ticket.study);
  if (length != run->vector_bytes() / 4) {
    return WithCode(InvalidArgument("the contribution has %d values, the round asks for %d", length,
                                    run->vector_bytes() / 4),
                    "WRONG_LENGTH");
  }
  if (!run->IsOpen(ticket.round)) {
    return WithCode(FailedPrecondition("round %d of study %s is not open; the contribution is not "
                                       "counted",
                                       ticket.round, ticket.study.Short()),
                    "ROUND_CLOSED");
  }
  if (!run->IsOnRoster(caller.organisation)) {
    return WithCode(
        PermissionDenied("%s is not on this round's roster; accept a study before it starts",
                         caller.organisation),
        "NOT_ON_ROSTER");
  }
  ticket.bytes = run->vector_bytes();
  ticket.name = PartialName(caller.organisation, ticket.study, ticket.round);
  ticket.entry = entry;
  return ticket;
}

absl::StatusOr<std::string> FederationCore::FinishUpload(const Caller& caller,
                                                         const UploadTicket& ticket) {
  if (!ticket.entry) return Internal("the ticket is not a contribution's");
  MUTUAL_ASSIGN_OR_RETURN(const LoggedEntry logged, parts_.log->Append(*ticket.entry));
  MUTUAL_ASSIGN_OR_RETURN(const auto first, transparency::ParseSignedEntry(logged.bytes));
  MUTUAL_ASSIGN_OR_RETURN(const Digest counted, first.entry.Hash("sha256"));
  if (counted != ticket.sha256) {
    return WithCode(
        AlreadyExists("%s has contributed to this round already, with other bytes; a node "
                      "answers a round once",
                      caller.organisation),
        "CONTRIBUTED_TWICE");
  }
  MUTUAL_RETURN_IF_ERROR(
      TakeContribution(ticket, {caller.organisation, ticket.sha256, ticket.bytes, logged.index}));
  return parts_.log->Receipt(logged.index);
}

absl::StatusOr<std::string> FederationCore::ContributionReceipt(const std::string& node,
                                                                const Digest& study,
                                                                uint64_t round) {
  const auto found = parts_.log->Find("contribution/" + transparency::PrintStudy(study) + "/" +
                                      std::to_string(round) + "/" + node);
  if (!found) return NotFound("that contribution is not in the log");
  return parts_.log->Receipt(found->index);
}

std::vector<std::string> FederationCore::OutcomeReceipts(const StudyView& view) {
  constexpr size_t kMostBytes = 3 << 20;  // a message has at most four megabytes
  const std::string study = transparency::PrintStudy(view.record.digest);
  const std::string round = study + "/" + std::to_string(view.round);
  std::vector<uint64_t> indices;
  for (const std::string& key :
       {"propose/" + study + "/" + view.record.proposer, "close/" + round, "release/" + round}) {
    const auto found = parts_.log->Find(key);
    if (!found) continue;
    indices.push_back(found->index);
    const auto entry = transparency::ParseSignedEntry(found->bytes);
    if (!entry.ok() || entry->entry.type() != "close") continue;
    const auto counted = entry->entry.Integers("contribution");
    if (counted.ok()) indices.insert(indices.end(), counted->begin(), counted->end());
  }
  std::stable_partition(indices.begin(), indices.end(), [&](uint64_t index) {
    return index == indices.front() || index == indices.back();  // proposal and release first
  });
  std::vector<std::string> receipts;
  size_t bytes = 0;
  for (const uint64_t index : indices) {
    auto receipt = parts_.log->Receipt(index);
    if (!receipt.ok() || (bytes += receipt->size()) > kMostBytes) break;
    receipts.push_back(*std::move(receipt));
  }
  return receipts;
}

bool FederationCore::HasContribution(const std::string& node, const Digest& study, uint64_t round) {
  const absl::MutexLock lock(&mutex_);
  const StudyRun* const run = Find(study);
  return run != nullptr && run->HasContribution(node, round);
}

bool FederationCore::IsModel(const Digest& digest) {
  const absl::MutexLock lock(&mutex_);
  return std::any_of(runs_.begin(), runs_.end(),
                     [&](const auto& run) { return run->IsModel(digest); });
}

absl::Status FederationCore::Decline(const Caller& caller, const Digest& study, uint64_t round,
                                     const std::string& code) {
  const bool valid = !code.empty() && code.size() <= 40 &&
                     code.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == std::string::npos;
  if (!valid) return InvalidArgument("decline code is malformed, want upper-case letters and _");
  const absl::MutexLock lock(&mutex_);
  StudyRun* const run = Find(study);
  if (run == nullptr) return NoStudy(study);
  if (!run->IsOpen(round)) return absl::OkStatus();
  MUTUAL_RETURN_IF_ERROR(run->Apply(NodeDeclined{caller.organisation, code}));
  parts_.say(caller.organisation + " declined round " + std::to_string(round) + ": " + code);
  changed_ = true;
  return absl::OkStatus();
}

}  // namespace mutual::coordinator
