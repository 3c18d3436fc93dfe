#include "coordinator/service/federation_core.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_format.h"
#include "base/encoding.h"
#include "base/status.h"
#include "crypto/certificate.h"

namespace mutual::coordinator {
namespace {

constexpr absl::Duration kHeartbeat = absl::Seconds(10);
constexpr absl::Duration kRosterAge = absl::Seconds(1);  // how soon a revocation takes effect

absl::Status NoStudy(const Digest& digest) {
  return WithCode(NotFound("no study with digest %s was proposed here", digest.Short()),
                  "STUDY_UNKNOWN");
}

absl::Status BadStatement(const std::string& why) {
  return WithCode(PermissionDenied("the signed statement is refused: %s", why), "BAD_STATEMENT");
}

}  // namespace

absl::StatusOr<std::unique_ptr<FederationCore>> FederationCore::Start(const Parts& parts) {
  std::unique_ptr<FederationCore> core(new FederationCore(parts));
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
  const RunParts run_parts{parts_.journal, parts_.store, &parts_.state->log_key(),
                           parts_.state->origin()};
  MUTUAL_ASSIGN_OR_RETURN(std::vector<StudyRecord> records, parts_.journal->Studies());
  const absl::MutexLock lock(&mutex_);
  for (StudyRecord& record : records) {
    MUTUAL_ASSIGN_OR_RETURN(runs_.emplace_back(),
                            StudyRun::Load(run_parts, std::move(record), parts_.clock->Now()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> FederationCore::Join(const Newcomer& newcomer) {
  auto certificate = parts_.state->Enrol(*parts_.journal, newcomer, parts_.clock->Now());
  const absl::MutexLock lock(&mutex_);
  roster_read_ = absl::InfinitePast();
  if (certificate.ok()) parts_.say(newcomer.organisation + " joined as " + newcomer.role);
  return certificate;
}

absl::StatusOr<Caller> FederationCore::Authenticate(const std::string& certificate_pem) {
  if (certificate_pem.empty()) {
    return WithCode(Unauthenticated("no client certificate was presented; join the federation first"),
                    "CERTIFICATE_MISSING");
  }
  const absl::Time now = parts_.clock->Now();
  MUTUAL_RETURN_IF_ERROR(crypto::VerifyIssuedBy(
      certificate_pem, parts_.state->authority().certificate_pem(), now));
  MUTUAL_ASSIGN_OR_RETURN(const crypto::CertificateInfo info,
                          crypto::InspectCertificate(certificate_pem));
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

absl::StatusOr<Digest> FederationCore::Propose(const Caller& caller, const std::string& text) {
  const absl::Time now = parts_.clock->Now();
  const study::LintResult lint = study::Lint(text, now, SolveNoise);
  if (!lint.study) {
    std::string all;
    for (const study::Problem& problem : lint.problems) {
      all += absl::StrFormat("\n  line %d: %s", problem.line, problem.message);
    }
    return WithCode(InvalidArgument("the study has problems:%s", all), "STUDY_INVALID");
  }
  const RunParts run_parts{parts_.journal, parts_.store, &parts_.state->log_key(),
                           parts_.state->origin()};
  StudyRecord record;
  record.digest = lint.study->digest;
  record.text = text;
  record.proposer = caller.organisation;
  record.proposed_at = FormatUtc(now);
  record.state = "proposed";
  const absl::MutexLock lock(&mutex_);
  if (Find(record.digest) != nullptr) return record.digest;  // idempotent
  MUTUAL_RETURN_IF_ERROR(parts_.journal->SaveStudy(record));
  MUTUAL_ASSIGN_OR_RETURN(runs_.emplace_back(), StudyRun::Load(run_parts, record, now));
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
  return {run.record(), run.study().title, run.rounds_released(), run.study().rounds(),
          run.accepted(), run.refused()};
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

absl::Status FederationCore::Answer(const Caller& caller, const std::string& statement,
                                    const std::string& signature) {
  MUTUAL_RETURN_IF_ERROR(caller.identity.Verify(statement, AsBytes(signature)));
  MUTUAL_ASSIGN_OR_RETURN(const study::Answer answer, study::Answer::Parse(statement));
  if (answer.node != caller.organisation) return BadStatement("it names another organisation");
  if (answer.origin != parts_.state->origin()) return BadStatement("it is for another log");
  const absl::MutexLock lock(&mutex_);
  StudyRun* const run = Find(answer.study);
  if (run == nullptr) return NoStudy(answer.study);
  MUTUAL_RETURN_IF_ERROR(
      run->TakeAnswer({caller.organisation, answer.accepted, statement, signature}));
  changed_ = true;
  return absl::OkStatus();
}

std::vector<StudyRun::Notice> FederationCore::NoticesFor(const std::string& node) {
  const absl::MutexLock lock(&mutex_);
  std::vector<StudyRun::Notice> notices;
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
                                                         const std::string& statement,
                                                         const std::string& signature) {
  MUTUAL_RETURN_IF_ERROR(caller.identity.Verify(statement, AsBytes(signature)));
  MUTUAL_ASSIGN_OR_RETURN(const study::ContributionStatement parsed,
                          study::ContributionStatement::Parse(statement));
  if (parsed.node != caller.organisation) return BadStatement("it names another organisation");
  if (parsed.origin != parts_.state->origin()) return BadStatement("it is for another log");
  const absl::MutexLock lock(&mutex_);
  StudyRun* const run = Find(parsed.study);
  if (run == nullptr) return NoStudy(parsed.study);
  if (parsed.vector_length * 4 != run->vector_bytes()) {
    return WithCode(InvalidArgument("the contribution has %d values, the round asks for %d",
                                    parsed.vector_length, run->vector_bytes() / 4),
                    "WRONG_LENGTH");
  }
  if (!run->IsOpen(parsed.round)) {
    return WithCode(FailedPrecondition("round %d of study %s is not open; the contribution is not "
                                       "counted",
                                       parsed.round, parsed.study.Short()),
                    "ROUND_CLOSED");
  }
  return UploadTicket{parsed.study, parsed.round, parsed.sha256, run->vector_bytes(),
                      PartialName(caller.organisation, parsed.study, parsed.round)};
}

absl::Status FederationCore::FinishUpload(const Caller& caller, const UploadTicket& ticket,
                                          const std::string& statement,
                                          const std::string& signature) {
  const absl::MutexLock lock(&mutex_);
  StudyRun* const run = Find(ticket.study);
  if (run == nullptr) return NoStudy(ticket.study);
  if (!run->IsOpen(ticket.round)) {
    return WithCode(FailedPrecondition("round %d closed while the contribution was being received",
                                       ticket.round),
                    "ROUND_CLOSED");
  }
  MUTUAL_RETURN_IF_ERROR(run->Apply(ContributionArrived{caller.organisation, ticket.sha256,
                                                        ticket.bytes, statement, signature}));
  changed_ = true;
  return absl::OkStatus();
}

bool FederationCore::HasContribution(const std::string& node, const Digest& study,
                                     uint64_t round) {
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

uint64_t FederationCore::Subscribe(std::function<void()> changed) {
  const absl::MutexLock lock(&subscribers_mutex_);
  subscribers_[next_subscriber_] = std::move(changed);
  return next_subscriber_++;
}

void FederationCore::Unsubscribe(uint64_t id) {
  const absl::MutexLock lock(&subscribers_mutex_);
  subscribers_.erase(id);
}

void FederationCore::NotifyAll() {
  const absl::MutexLock lock(&subscribers_mutex_);
  for (const auto& [id, changed] : subscribers_) changed();
}

// Releases one closed round: the sum without the lock, the rest with it.
bool FederationCore::ReleaseOne() {
  std::optional<ReleaseInput> input;
  StudyRun* run = nullptr;
  {
    const absl::MutexLock lock(&mutex_);
    for (const auto& candidate : runs_) {
      input = candidate->TakePendingRelease();
      run = candidate.get();
      if (input) break;
    }
  }
  if (!input) return false;
  const uint64_t round = input->round;
  absl::StatusOr<ReleaseOutput> output = ReleaseRound(*std::move(input));
  const absl::MutexLock lock(&mutex_);
  const absl::Status status =
      output.ok() ? run->Publish(*std::move(output), parts_.clock->Now()) : output.status();
  if (!status.ok()) {
    parts_.say("study " + run->study().digest.Short() + ": " + Describe(status));
    const std::string code = ErrorCode(status);
    if (!run->Fail(code.empty() ? "RELEASE_FAILED" : code).ok()) {
      parts_.say("the journal cannot be written; stopping is safest");
    }
  } else if (round == run->study().rounds() || round % 10 == 0) {
    parts_.say("study " + run->study().digest.Short() + ": round " +
               std::to_string(round) + " released");
  }
  changed_ = true;
  return true;
}

void FederationCore::Work() {
  absl::Time heartbeat = parts_.clock->Now() + kHeartbeat;
  while (true) {
    bool notify = false;
    {
      const absl::MutexLock lock(&mutex_);
      const auto wake = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return stopping_ || changed_;
      };
      mutex_.AwaitWithTimeout(absl::Condition(&wake), absl::Milliseconds(200));
      if (stopping_) return;
      notify = changed_;
      changed_ = false;
      const absl::Time now = parts_.clock->Now();
      for (const auto& run : runs_) {
        const absl::Status late = run->CheckDeadline(now);
        const absl::StatusOr<bool> started = run->MaybeStart(ActiveNodes(), now);
        if (!late.ok() || !started.ok()) {
          parts_.say(Describe(late.ok() ? started.status() : late));
        }
        notify = notify || (started.ok() && *started);
      }
    }
    while (ReleaseOne()) notify = true;
    if (parts_.clock->Now() > heartbeat) {
      notify = true;
      heartbeat = parts_.clock->Now() + kHeartbeat;
    }
    if (notify) NotifyAll();
  }
}

}  // namespace mutual::coordinator
