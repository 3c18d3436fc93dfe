// A study's masks at the coordinator: the join window, tallies, and what waits for whom.
#include <algorithm>

#include "aggregation/masking/mask_sum.h"
#include "aggregation/masking/trust_bound.h"
#include "base/clock.h"
#include "base/status.h"
#include "coordinator/service/study_run.h"

namespace mutual::coordinator {

namespace masking = aggregation::masking;

namespace {

constexpr uint64_t kClassSumSeconds = 5;  // then another holder is asked

masking::Threshold ThresholdOf(const study::Study& study) {
  return {static_cast<uint32_t>(study.scrutineers.organisations.size()),
          static_cast<uint32_t>(study.scrutineers.threshold)};
}

}  // namespace

bool StudyRun::IsTallying() const {
  return record_.state == "running" && machine_ != nullptr &&
         std::holds_alternative<Tallying>(machine_->state());
}

uint64_t StudyRun::vector_bytes() const { return masking::PaddedWords(recipe_->dimension()) * 4; }

absl::Status StudyRun::LoadKeys() {
  MUTUAL_ASSIGN_OR_RETURN(masking::MaskClasses classes,
                          masking::MaskClasses::Create(ThresholdOf(study_)));
  MUTUAL_ASSIGN_OR_RETURN(
      KeyExchange keys,
      KeyExchange::Create({parts_.log->origin(), study_.digest, std::move(classes), {}},
                          study_.scrutineers.organisations));
  MUTUAL_ASSIGN_OR_RETURN(const auto events, parts_.journal->Events(study_.digest, 0));
  for (const std::string& bytes : events) {
    MUTUAL_ASSIGN_OR_RETURN(const MaskEvent event, ParseMaskEvent(bytes));
    MUTUAL_RETURN_IF_ERROR(keys.Take(event));
  }
  keys_ = std::make_unique<KeyExchange>(std::move(keys));
  return TakeLoggedKeys().status();
}

absl::StatusOr<bool> StudyRun::TakeLoggedKeys() {
  MUTUAL_ASSIGN_OR_RETURN(const auto logged,
                          parts_.log->MaskEntries(study_.digest, [this](uint64_t index) {
                            return !keys_->HasTaken(index);
                          }));
  for (const LoggedEntry& one : logged) {
    MUTUAL_RETURN_IF_ERROR(keys_->Take({one.index, one.bytes, {}}));
  }
  return !logged.empty();
}

RoundRules StudyRun::Rules(uint64_t round) const {
  return {Roster(), study_.cohort.min_nodes, study_.digest,
          round,    ThresholdOf(study_),     study_.scrutineers.organisations};
}

bool StudyRun::WindowIsOver(absl::Time now) const {
  absl::Time proposed;
  ParseUtc(record_.proposed_at, &proposed);
  return now > proposed + study_.cohort.join_window;
}

// Who may contribute, if the study may start now; otherwise nobody. Everybody who accepted, once
// all have answered and all keys are confirmed; when the join window and a round's time have
// passed, those whose keys a majority of holders confirmed.
absl::StatusOr<std::vector<std::string>> StudyRun::Roster(const std::set<std::string>& nodes,
                                                          absl::Time now) {
  std::vector<std::string> all, usable;
  bool confirmed = true;
  for (const AnswerRow& answer : answers_) {
    if (!answer.accepted) continue;
    all.push_back(answer.node);
    confirmed = confirmed && keys_->IsConfirmed(answer.node);
    if (keys_->IsUsable(answer.node)) usable.push_back(answer.node);
  }
  std::sort(all.begin(), all.end());
  std::sort(usable.begin(), usable.end());
  const bool all_answered = answers_.size() >= nodes.size() && !nodes.empty();
  const bool all_keys = keys_->HasAllKeys() || WindowIsOver(now);
  if (confirmed && all_keys && (all_answered || WindowIsOver(now))) return all;
  const bool no_more_time = WindowIsOver(now - study_.cohort.deadline);
  return no_more_time ? usable : std::vector<std::string>();
}

absl::Status StudyRun::CheckMaskEntry(const transparency::Entry& entry, const WrappedKeys& wrapped,
                                      absl::Time now) const {
  MUTUAL_ASSIGN_OR_RETURN(const std::string node, entry.Text("node"));
  if (entry.type() == "tally" || (entry.type() == "dispute" && entry.Has("round"))) {
    const auto& all = study_.scrutineers.organisations;
    if (std::find(all.begin(), all.end(), node) == all.end()) {
      return WithCode(PermissionDenied("%s is no scrutineer of this study", node),
                      "NOT_A_SCRUTINEER");
    }
    if (entry.type() == "dispute") return absl::OkStatus();
    const auto* const tallying =
        machine_ == nullptr ? nullptr : std::get_if<Tallying>(&machine_->state());
    MUTUAL_ASSIGN_OR_RETURN(const uint64_t round, entry.Integer("round"));
    MUTUAL_ASSIGN_OR_RETURN(const uint64_t close, entry.Integer("close"));
    if (tallying != nullptr && round == round_ && close == tallying->close.entry) {
      return absl::OkStatus();
    }
    return WithCode(FailedPrecondition("round %d is not being tallied by close %d", round, close),
                    "ROUND_CLOSED");
  }
  if (record_.state != "proposed") {
    return WithCode(
        FailedPrecondition("the join window of study %s is over", study_.digest.Short()),
        "KEY_WINDOW_CLOSED");
  }
  const bool is_mandated = std::any_of(answers_.begin(), answers_.end(), [&](const AnswerRow& one) {
    return one.node == node && one.accepted;
  });
  if (entry.type() == "masks" && !is_mandated) {
    return WithCode(PermissionDenied("%s did not accept study %s", node, study_.digest.Short()),
                    "STUDY_NOT_ACCEPTED");
  }
  if (entry.type() == "masks" && !keys_->HasAllKeys() && !WindowIsOver(now)) {
    return WithCode(
        FailedPrecondition("some scrutineers have not published their keys; wait for them "
                           "until the join window ends"),
        "KEYS_MISSING");
  }
  // The last half is the nodes': a complaint in the last moment would cost an honest one the study.
  const bool is_complaint = entry.type() == "dispute" && !entry.Has("ephemeral-secret");
  if (is_complaint && WindowIsOver(now - study_.cohort.deadline / 2)) {
    return WithCode(FailedPrecondition("the time for disputes about mask keys of study %s is over",
                                       study_.digest.Short()),
                    "KEY_WINDOW_CLOSED");
  }
  return keys_->Check(entry, wrapped);
}

absl::Status StudyRun::TakeMaskEntry(const LoggedEntry& logged, const WrappedKeys& wrapped) {
  MUTUAL_ASSIGN_OR_RETURN(const auto parsed, transparency::ParseSignedEntry(logged.bytes));
  const transparency::Entry& entry = parsed.entry;
  if (entry.type() == "tally") {
    TallyArrived tally;
    MUTUAL_ASSIGN_OR_RETURN(tally.node, entry.Text("node"));
    MUTUAL_ASSIGN_OR_RETURN(const auto sums, entry.ClassHashes("class-sum"));
    tally.entry = logged.index;
    for (const transparency::ClassHash& sum : sums) {
      tally.sums.push_back({static_cast<uint32_t>(sum.mask_class), sum.hash});
    }
    const auto* const tallying =
        machine_ == nullptr ? nullptr : std::get_if<Tallying>(&machine_->state());
    if (tallying != nullptr && tallying->tallies.count(tally.node) > 0) return absl::OkStatus();
    return Apply(tally);
  }
  if (record_.state != "proposed") return absl::OkStatus();
  const MaskEvent event{logged.index, logged.bytes, wrapped};
  MUTUAL_RETURN_IF_ERROR(parts_.journal->AppendEvent(study_.digest, 0, Serialize(event), ""));
  return keys_->Take(event);
}

absl::StatusOr<WrappedKeys> StudyRun::WrappedFor(uint64_t masks,
                                                 const std::string& scrutineer) const {
  return keys_->WrappedFor(masks, scrutineer);
}

WantedWitnesses StudyRun::CloseWitnesses() const {
  return {study_.scrutineers.organisations, masking::ScrutineerQuorum(ThresholdOf(study_))};
}

bool StudyRun::NeedsCosigners(const std::string& newest) {
  const auto* const tallying =
      machine_ == nullptr ? nullptr : std::get_if<Tallying>(&machine_->state());
  if (record_.state != "running" || tallying == nullptr || tallying->is_complete()) return false;
  WantedWitnesses wanted = CloseWitnesses();
  // Whom the log revokes counts for nobody any more.
  const auto all = parts_.journal->Organisations();
  for (const Organisation& one : all.ok() ? *all : std::vector<Organisation>()) {
    if (one.role == "node" && !one.revoked_at.empty()) std::erase(wanted.names, one.name);
  }
  const transparency::Policy policy = parts_.log->policy();
  for (const std::string* const one : {&tallying->close.checkpoint, &newest}) {
    if (!tally_checkpoint_.empty()) break;
    const auto evaluation = policy.Evaluate(*one);
    if (!evaluation.ok() ||
        evaluation->signed_checkpoint.checkpoint.size <= tallying->close.entry) {
      continue;
    }
    const auto& names = evaluation->cosigned_by;
    const auto count =
        std::count_if(wanted.names.begin(), wanted.names.end(), [&](const std::string& name) {
          return std::find(names.begin(), names.end(), name) != names.end();
        });
    if (static_cast<size_t>(count) >= wanted.count) tally_checkpoint_ = *one;
  }
  return tally_checkpoint_.empty();
}

absl::StatusOr<Digest> StudyRun::WantedClassSum(uint64_t round, uint32_t mask_class) const {
  const auto* const tallying =
      machine_ == nullptr ? nullptr : std::get_if<Tallying>(&machine_->state());
  const auto agreed = tallying == nullptr || round != round_
                          ? std::nullopt
                          : tallying->agreement.Agreed(mask_class);
  if (!agreed) {
    return WithCode(
        FailedPrecondition("no sum of class %u is wanted for round %d", mask_class, round),
        "CLASS_NOT_AGREED");
  }
  if (tallying->sums.count(mask_class) > 0) {
    return AlreadyExists("the sum of class %u is there already", mask_class);
  }
  return *agreed;
}

void StudyRun::AddKeyDuties(const std::string& organisation, absl::Time now,
                            std::vector<MaskDuty>* duties) const {
  const auto& scrutineers = study_.scrutineers.organisations;
  if (std::find(scrutineers.begin(), scrutineers.end(), organisation) != scrutineers.end()) {
    if (!keys_->HasKeyOf(organisation) && !WindowIsOver(now)) {
      duties->push_back({DutyKind::kPublishKey, study_.digest, 0, 0, {}, {}, ""});
    }
    const std::vector<uint64_t> masks = keys_->ToConfirm(organisation);
    if (!masks.empty()) {
      duties->push_back({DutyKind::kConfirm, study_.digest, 0, 0, masks, {}, ""});
    }
  }
  const bool has_accepted =
      std::any_of(answers_.begin(), answers_.end(),
                  [&](const AnswerRow& one) { return one.node == organisation && one.accepted; });
  if (!has_accepted) return;
  const bool may_draw = keys_->HasAllKeys() || (WindowIsOver(now) && keys_->HasEnoughKeys());
  if (may_draw && !keys_->HasMasks(organisation)) {
    duties->push_back({DutyKind::kDrawMasks, study_.digest, 0, 0, {}, {}, ""});
  }
  const std::vector<uint64_t> disputes = keys_->ToReveal(organisation);
  if (!disputes.empty()) {
    duties->push_back({DutyKind::kReveal, study_.digest, 0, 0, disputes, {}, ""});
  }
}

void StudyRun::AddTallyDuties(const std::string& organisation, absl::Time now,
                              std::vector<MaskDuty>* duties) const {
  const auto* const tallying =
      machine_ == nullptr ? nullptr : std::get_if<Tallying>(&machine_->state());
  const auto& all = study_.scrutineers.organisations;
  if (tallying == nullptr || std::find(all.begin(), all.end(), organisation) == all.end()) return;
  const auto own = tallying->tallies.find(organisation);
  if (own == tallying->tallies.end()) {
    if (tally_checkpoint_.empty()) return;
    duties->push_back({DutyKind::kTally,
                       study_.digest,
                       round_,
                       tallying->close.entry,
                       {},
                       {},
                       tally_checkpoint_});
    return;
  }
  // A class is asked of one holder at a time; who does not answer is followed by the next.
  const absl::Time closed =
      absl::FromUnixSeconds(tallying->close.tally_deadline) - study_.cohort.deadline;
  const auto waited =
      static_cast<uint64_t>(std::max<int64_t>(0, absl::ToInt64Seconds(now - closed)));
  const uint64_t turn = waited / kClassSumSeconds;
  // With the checkpoint: a holder that was restarted judges the close again.
  MaskDuty duty{DutyKind::kClassSums, study_.digest, round_, tallying->close.entry, {}, {},
                tally_checkpoint_};
  for (uint32_t c = 0; c < tallying->classes; ++c) {
    const auto agreed = tallying->agreement.Agreed(c);
    if (!agreed || tallying->sums.count(c) > 0) continue;
    std::vector<std::string> agreeing;
    for (const auto& [name, tally] : tallying->tallies) {
      if (std::find(tally.sums.begin(), tally.sums.end(), masking::ClassDigest{c, *agreed}) !=
          tally.sums.end()) {
        agreeing.push_back(name);
      }
    }
    if (agreeing[(c + turn) % agreeing.size()] == organisation) duty.classes.push_back(c);
  }
  if (!duty.classes.empty()) duties->push_back(std::move(duty));
}

std::vector<MaskDuty> StudyRun::DutiesFor(const std::string& organisation, absl::Time now) const {
  std::vector<MaskDuty> duties;
  if (record_.state == "proposed") AddKeyDuties(organisation, now, &duties);
  if (record_.state == "running") AddTallyDuties(organisation, now, &duties);
  const bool ended = record_.state == "finished" || record_.state == "abandoned";
  const bool released = machine_ != nullptr && std::holds_alternative<Released>(machine_->state());
  const uint64_t last = ended || released || round_ == 0 ? round_ : round_ - 1;
  const auto& all = study_.scrutineers.organisations;
  // Whoever accepted may have drawn keys, on the roster or not.
  const bool has_drawn = std::any_of(
      answers_.begin(), answers_.end(),
      [&](const AnswerRow& answer) { return answer.node == organisation && answer.accepted; });
  const bool concerned =
      std::find(all.begin(), all.end(), organisation) != all.end() || (ended && has_drawn);
  if (concerned && (ended || last > 0)) {
    duties.push_back({DutyKind::kForget, study_.digest, last, 0, {}, {}, ""});
  }
  return duties;
}

}  // namespace mutual::coordinator
