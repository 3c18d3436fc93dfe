#include "client/node/node.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "aggregation/ring.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
#include "client/data/member_table.h"
#include "client/node/channel_log.h"
#include "client/node/contribution.h"
#include "client/node/ledger_check.h"
#include "client/node/software.h"
#include "crypto/digest.h"
#include "study/model.h"
#include "transparency/proof.h"

namespace mutual::client {

using aggregation::masking::MaskClasses;
using aggregation::masking::Masker;

namespace {

uint32_t MaskThreads() { return std::clamp(std::thread::hardware_concurrency(), 1U, 4U); }

// Errors of a round that are final for this node and round; the coordinator is told the code.
bool IsRefusal(const absl::Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsFailedPrecondition(status) ||
         absl::IsResourceExhausted(status) || absl::IsInvalidArgument(status) ||
         absl::IsUnauthenticated(status) || absl::IsNotFound(status);
}

// Codes that tell the coordinator nothing but public facts; others are sent as NODE_REFUSED.
std::string PublicCode(const absl::Status& status) {
  static const auto* const kPublic = new std::set<std::string>{
      "STUDY_NOT_ACCEPTED", "STUDY_EXPIRED",   "ROUND_EXPIRED",        "PARAMETERS_DIFFER", "BUDGET_SPENT",
      "SCHEMA_NOT_MET",     "MODEL_SHAPE",     "MODEL_NOT_FINITE",     "EPSILON_ABOVE_POLICY",
      "LEARNING_MISSING",   "ROUND_NOT_INCREASING", "LEDGER_BEHIND_LOG",    "MASK_KEYS_MISSING",
      "ROUND_PASSED"};
  const std::string code = ErrorCode(status);
  return kPublic->count(code) > 0 ? code : "NODE_REFUSED";
}

}  // namespace

std::string ContributionPath(const Home& home, const Digest& study, uint64_t round) {
  const std::filesystem::path folder = home.folder() / "contributions";
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  return (folder / absl::StrFormat("%s-%d.bin", study.Short(), round)).string();
}

void Node::Stop() {
  stopping_ = true;
  if (Channel* const channel = channel_.load(); channel != nullptr) channel->Cancel();
}

std::string ReceiptPath(const Home& home, const Digest& study, uint64_t round) {
  const std::filesystem::path folder = home.folder() / "receipts";
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  return (folder / absl::StrFormat("%s-%d.tlog-proof", study.Short(), round)).string();
}

absl::Status Node::ResendAnswers(Channel& channel) {
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<AnswerRecord> answers, parts_.ledger->Answers());
  for (const AnswerRecord& answer : answers) {
    const absl::Status status = channel.AnswerStudy(answer.entry).status();
    if (absl::IsUnavailable(status) || absl::IsUnauthenticated(status)) return status;
  }
  return absl::OkStatus();
}

// What was stored before a crash but never acknowledged: sent again, or its receipt fetched. A round that
// closed without it is over, and stays charged.
absl::Status Node::SettleUnsent(Channel& channel) {
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<ContributionRecord> all, parts_.ledger->Contributions());
  for (const ContributionRecord& record : all) {
    if (record.sent.has_value()) continue;
    const absl::Status status = SendStored(channel, record);
    if (absl::IsUnavailable(status) || absl::IsUnauthenticated(status)) return status;
  }
  return absl::OkStatus();
}

// Cosigns what the coordinator shows until the stream ends. A log that went back or told two stories gets no
// signature, and the proof of it is kept.
void Node::ServeWitness(Channel& channel) {
  const absl::Status ended = channel.WatchCheckpoints([&](const std::string& body) {
    if (stopping_) return false;
    if (body.empty()) return true;
    const transparency::WitnessAnswer answer = parts_.witness->AddCheckpoint(body);
    if (answer.code == 422) {
      const auto request = transparency::ParseAddCheckpoint(body);
      parts_.say(Describe(parts_.trust->Forked(
          parts_.witness->GetCheckpoint(crypto::Sha256(parts_.home->origin()).ToHex()).body,
          request.ok() ? request->checkpoint : body)));
      forked_ = true;
    }
    const bool told = channel.Cosign({answer.code, answer.content_type, answer.body}).ok();
    if (forked_) channel.Cancel();  // rounds wait for no heartbeat before they end
    return told && !forked_;
  });
  if (absl::IsUnauthenticated(ended) || absl::IsPermissionDenied(ended)) channel.Cancel();
}

// After every connection: the log shown must contain what was seen, and a new program is told. The
// coordinator hears what was seen only when its log was judged: one that then finds its own log set
// back stops.
absl::Status Node::Greet(Channel& channel) {
  const std::string before = parts_.trust->seen_checkpoint();
  MUTUAL_ASSIGN_OR_RETURN(const TrustReply shown, channel.GetTrust());
  const absl::Status seen = SeeShown(channel, *parts_.trust, shown.checkpoint);
  if (ErrorCode(seen) == "LOG_FORKED") {
    parts_.say(Describe(seen));
    forked_ = true;
  }
  if (!before.empty()) MUTUAL_RETURN_IF_ERROR(channel.GetTrust(before).status());
  MUTUAL_RETURN_IF_ERROR(seen);
  const absl::Status told = DeclareSoftware({parts_.home, parts_.trust, &channel, parts_.clock});
  if (!told.ok() && !absl::IsUnavailable(told)) {
    parts_.say("this program is not in the log yet: " + Describe(told));
  }
  return absl::OkStatus();
}

absl::Status Node::ServeOnce(Channel& channel, absl::Duration* backoff) {
  ledger_checked_ = false;
  std::thread witness([&] { ServeWitness(channel); });
  absl::Status status = Greet(channel);
  if (status.ok()) status = ResendAnswers(channel);
  if (status.ok()) status = SettleUnsent(channel);
  if (status.ok()) {
    status = channel.WatchRounds([&](const std::string& receipt) {
      *backoff = absl::Milliseconds(200);
      if (stopping_ || forked_) return false;
      if (receipt.empty()) return true;
      const absl::Status taken = TakePart(channel, receipt);
      if (ErrorCode(taken) == "LOG_FORKED") forked_ = true;
      if (forked_) return false;
      return behind_.ok() && (taken.ok() || !absl::IsUnavailable(taken));
    });
  }
  channel.Cancel();
  witness.join();
  return status;
}

absl::Status Node::Serve() {
  MUTUAL_RETURN_IF_ERROR(parts_.trust->CheckUnforked());
  absl::Duration backoff = absl::Milliseconds(200);
  while (!stopping_) {
    MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Channel> channel, parts_.home->Connect());
    channel_ = channel.get();
    const absl::Status status = ServeOnce(*channel, &backoff);
    channel_ = nullptr;
    if (stopping_) break;
    if (forked_) {
      MUTUAL_RETURN_IF_ERROR(parts_.trust->CheckUnforked());
      return WithCode(
          DataLoss("the federation's log has told two stories, and the evidence could not be "
                   "kept; see the lines above"),
          "LOG_FORKED");
    }
    if (!behind_.ok()) return behind_;
    if (absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status)) return status;
    if (!status.ok()) {
      parts_.say(absl::StrFormat("coordinator not reachable (%s); trying again", Describe(status)));
    }
    // Half fixed, half jitter: nodes must not return all at once.
    const double jitter = static_cast<double>(parts_.random->NextUint64() >> 11) * 0x1p-53;
    const absl::Duration wait = backoff * (0.5 + 0.5 * jitter);
    for (absl::Time until = parts_.clock->Now() + wait;
         !stopping_ && parts_.clock->Now() < until;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    backoff = std::min(backoff * 2, absl::Seconds(30));
  }
  return absl::OkStatus();
}

absl::Status Node::SendStored(Channel& channel, const ContributionRecord& record) {
  // After a crash between the commit and here the round's keys are still on the disk.
  MUTUAL_RETURN_IF_ERROR(parts_.masks->AdvancePast(record.study, record.round));
  MUTUAL_ASSIGN_OR_RETURN(const std::string receipt,
                          channel.Upload({record.study, record.round, record.entry, record.file,
                                          record.bytes}));
  if (receipt.empty()) {
    return NotFound("round %d closed without this contribution", record.round);
  }
  MUTUAL_RETURN_IF_ERROR(parts_.trust->VerifyReceiptOf(record.entry, receipt));
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(ReceiptPath(*parts_.home, record.study, record.round),
                                          receipt, FileMode::kPublic));
  MUTUAL_RETURN_IF_ERROR(
      parts_.ledger->MarkSent(record.study, record.round, parts_.clock->Now()));
  parts_.say(absl::StrFormat("study %s round %d: contribution sent (%d bytes)",
                             record.study.Short(), record.round, record.bytes));
  return absl::OkStatus();
}

absl::StatusOr<const SlotTable*> Node::SlotsFor(const study::Study& study) {
  if (const auto found = tables_.find(study.digest); found != tables_.end()) {
    return found->second.get();
  }
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t slot_count, parts_.ledger->slot_count());
  const auto table = parts_.config->tables.find(study.table);
  if (table == parts_.config->tables.end()) {
    return WithCode(FailedPrecondition("node.toml has no [tables.%s], which study %s reads; add it "
                                       "and run check-data",
                                       study.table, study.digest.Short()),
                    "SCHEMA_NOT_MET");
  }
  MUTUAL_ASSIGN_OR_RETURN(
      SlotTable slots,
      BuildSlotTable(table->second, study,
                     [&](const std::vector<std::string>& members) {
                       return parts_.ledger->SlotsOf(members);
                     },
                     slot_count, *parts_.random));
  auto& kept = tables_[study.digest];
  kept = std::make_unique<SlotTable>(std::move(slots));
  return kept.get();
}

absl::StatusOr<ContributionRecord> Node::Compute(Channel& channel, const std::string& receipt) {
  MUTUAL_RETURN_IF_ERROR(CheckLedger(channel, receipt));
  const GuardContext context{parts_.home->origin(), parts_.trust, &parts_.config->policy,
                             parts_.ledger, parts_.clock->Now()};
  MUTUAL_ASSIGN_OR_RETURN(const AdmittedRound round, AdmitRound(context, receipt));
  MUTUAL_ASSIGN_OR_RETURN(const SlotTable* const slots, SlotsFor(round.study));
  ContributionInput input{&round, slots, {}, nullptr};
  std::vector<float> model;
  if (round.model.has_value()) {
    MUTUAL_ASSIGN_OR_RETURN(const study::ModelLayout layout, study::LayoutOf(round.study));
    MUTUAL_ASSIGN_OR_RETURN(
        const std::string bytes,
        channel.FetchContent(*round.model,
                             static_cast<uint64_t>(layout.parameter_count()) * 4));
    MUTUAL_ASSIGN_OR_RETURN(model, study::ParseModel(bytes, layout));
    if (trainer_ == nullptr) {
      MUTUAL_ASSIGN_OR_RETURN(trainer_, LoadTrainer(parts_.training));
    }
    input.model = model;
    input.trainer = trainer_.get();
  }
  MUTUAL_ASSIGN_OR_RETURN(const auto classes, MaskClasses::Create(ThresholdOf(round.study)));
  MUTUAL_ASSIGN_OR_RETURN(Masker masker, parts_.masks->Load(round.study.digest, classes));
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<uint32_t> words,
                          MakeContribution(input, *parts_.random, *parts_.noise));
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<uint32_t> masked,
                          masker.Mask(round.round, words, MaskThreads()));
  const std::string bytes = aggregation::ToBytes(masked);
  next_noise_.reset();
  if (round.round < round.study.rounds()) {
    next_noise_ = NextNoise{round.grid.noise_stddev, round.recipe->dimension()};
  }

  ContributionRecord record;
  record.study = round.study.digest;
  record.round = round.round;
  record.sha256 = crypto::Sha256(bytes);
  record.bytes = bytes.size();
  record.created = parts_.clock->Now();
  record.file = ContributionPath(*parts_.home, record.study, record.round);
  transparency::EntryWriter writer("contribution", parts_.home->origin());
  writer.Head("seen", round.seen)
      .Study(record.study)
      .Integer("round", record.round)
      .Text("node", parts_.home->organisation())
      .Integer("vector-len", masked.size())
      .Hash("sha256", record.sha256)
      .Time("time", record.created);
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Entry entry, writer.Finish());
  MUTUAL_ASSIGN_OR_RETURN(record.entry, parts_.home->SignEntry(entry));
  // Bytes durable first, then one transaction charges and records them; only then may they leave.
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(record.file, bytes, FileMode::kSecret));
  MUTUAL_RETURN_IF_ERROR(
      parts_.ledger->ChargeAndStore(parts_.config->policy, round.charge, record));
  // The round's keys go before its bytes: from here on only what is stored can be sent. What fails
  // here, or a crash, is made up for in SendStored.
  MUTUAL_RETURN_IF_ERROR(parts_.masks->Advance(record.study, masker));
  return record;
}

// Before the first round of a connection: the log has no contribution of this node that the ledger forgot.
absl::Status Node::CheckLedger(Channel& channel, const std::string& receipt) {
  if (ledger_checked_) return absl::OkStatus();
  MUTUAL_ASSIGN_OR_RETURN(const VerifiedEntry start, parts_.trust->Verify(receipt));
  MUTUAL_ASSIGN_OR_RETURN(const auto log, OpenLog(channel, *parts_.trust));
  if (log->tree().size < start.tree.size) {
    return Unavailable("the coordinator shows an older log than the one its round stands in; trying again");
  }
  const absl::Status status = CheckAgainstLog(*log, parts_.home->organisation(), *parts_.ledger);
  if (ErrorCode(status) == "LEDGER_BEHIND_LOG") behind_ = status;
  ledger_checked_ = status.ok();
  return absl::IsNotFound(status) ? Unavailable("the log grew while it was read; trying again") : status;
}

absl::Status Node::TakePart(Channel& channel, const std::string& receipt) {
  if (refused_.count(receipt) > 0 || !parts_.takes_part) return absl::OkStatus();
  // The policy is asked for before a round is judged: founders become witnesses before the first one.
  MUTUAL_ASSIGN_OR_RETURN(const TrustReply trust, channel.GetTrust());
  const absl::Status learnt = LearnIfFirst(*parts_.trust, trust.policy_receipt);
  if (ErrorCode(learnt) == "LOG_FORKED") return learnt;
  if (!learnt.ok()) parts_.say("the log's policy: " + Describe(learnt));
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Proof proof, transparency::ParseProof(receipt));
  MUTUAL_ASSIGN_OR_RETURN(const auto start, transparency::ParseSignedEntry(proof.entry.value_or("")));
  MUTUAL_ASSIGN_OR_RETURN(const Digest study, start.entry.Hash("study"));
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t number, start.entry.Integer("round"));
  MUTUAL_ASSIGN_OR_RETURN(const std::optional<ContributionRecord> stored,
                          parts_.ledger->FindContribution(study, number));
  absl::Status status;
  if (stored.has_value()) {
    // Exactly those bytes again, or nothing: never a second vector for one round.
    status = stored->sent.has_value() ? absl::OkStatus() : SendStored(channel, *stored);
  } else {
    const absl::StatusOr<ContributionRecord> record = Compute(channel, receipt);
    status = record.ok() ? SendStored(channel, *record) : record.status();
    if (!record.ok() && (IsRefusal(status) || !behind_.ok())) {
      refused_.insert(receipt);
      parts_.say(absl::StrFormat("study %s round %d: not taking part: %s", study.Short(),
                                 number, Describe(status)));
      return channel.Decline(study, number, PublicCode(status));
    }
  }
  if (const auto next = std::exchange(next_noise_, std::nullopt); next && status.ok()) {
    // Drawn while the node waits for the others.
    parts_.noise->Prepare(next->stddev, next->count);
  }
  if (number > 1) {
    // The previous round's bytes are never sent again once a later round has opened.
    std::error_code ignored;
    std::filesystem::remove(ContributionPath(*parts_.home, study, number - 1), ignored);
  }
  if (!status.ok()) {
    parts_.say(absl::StrFormat("study %s round %d: %s", study.Short(), number,
                               Describe(status)));
  }
  return status;
}

}  // namespace mutual::client
