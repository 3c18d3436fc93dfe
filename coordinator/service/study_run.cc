#include "coordinator/service/study_run.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/status.h"
#include "coordinator/service/start_model.h"
#include "crypto/digest.h"
#include "privacy/accountant.h"
#include "study/model.h"
#include "study/result.h"

namespace mutual::coordinator {

absl::StatusOr<double> SolveNoise(double epsilon, double delta, double rate, uint64_t rounds) {
  return privacy::NoiseMultiplierFor({epsilon, delta, rate, rounds});
}

absl::StatusOr<std::unique_ptr<StudyRun>> StudyRun::Load(const RunParts& parts,
                                                         StudyRecord record) {
  std::unique_ptr<StudyRun> run(new StudyRun(parts));
  MUTUAL_ASSIGN_OR_RETURN(run->study_, study::ParseStudy(record.text, SolveNoise));
  MUTUAL_ASSIGN_OR_RETURN(run->recipe_, study::MakeRecipe(run->study_));
  MUTUAL_ASSIGN_OR_RETURN(run->answers_, parts.journal->Answers(record.digest));
  run->record_ = std::move(record);
  MUTUAL_RETURN_IF_ERROR(run->LoadKeys());
  MUTUAL_RETURN_IF_ERROR(run->Resume());
  return run;
}

// Replays the journal: the last released state, then the events of the last round.
absl::Status StudyRun::Resume() {
  MUTUAL_ASSIGN_OR_RETURN(round_, parts_.journal->LastRound(study_.digest));
  MUTUAL_ASSIGN_OR_RETURN(const std::string state, parts_.journal->LastState(study_.digest));
  if (!state.empty()) MUTUAL_RETURN_IF_ERROR(LoadState(state));
  if (round_ == 0) return ResumeUnbegun();
  if (record_.state != "running") return KeepFiles();
  if (state.empty() && recipe_->needs_model()) MUTUAL_RETURN_IF_ERROR(StartModel());
  MUTUAL_ASSIGN_OR_RETURN(const auto events, parts_.journal->Events(study_.digest, round_));
  machine_ = std::make_unique<RoundMachine>(Rules(round_));
  for (const std::string& bytes : events) {
    MUTUAL_ASSIGN_OR_RETURN(const RoundEvent event, ParseEvent(bytes));
    if (const auto* opened = std::get_if<RoundOpened>(&event)) {
      MUTUAL_RETURN_IF_ERROR(Opened(opened->entry));
    }
    MUTUAL_RETURN_IF_ERROR(machine_->Handle(event).status());
  }
  if (!std::holds_alternative<Released>(machine_->state())) return absl::OkStatus();
  MUTUAL_RETURN_IF_ERROR(KeepFiles());  // killed, perhaps, between the release and this
  // The result is durable before the event that made the last round released.
  if (record_.result_json.empty()) return absl::OkStatus();
  record_.state = "finished";  // killed between the last release and this
  return parts_.journal->SaveStudy(record_);
}

// Tells the retention that the last round is over, and what was received in it.
absl::Status StudyRun::KeepFiles() {
  KeptRound kept{study_.digest, round_, {}};
  MUTUAL_ASSIGN_OR_RETURN(const auto events, parts_.journal->Events(study_.digest, round_));
  for (const std::string& bytes : events) {
    MUTUAL_ASSIGN_OR_RETURN(const RoundEvent event, ParseEvent(bytes));
    const auto* arrived = std::get_if<ContributionArrived>(&event);
    if (arrived != nullptr) kept.files.push_back(arrived->sha256);
    const auto* sum = std::get_if<ClassSumArrived>(&event);
    if (sum != nullptr) kept.files.push_back(sum->sum);
  }
  return parts_.retention->Keep(kept);
}

// Killed after the study's end was logged and before it took effect: it is over.
absl::Status StudyRun::ResumeUnbegun() {
  if (record_.state != "proposed" && record_.state != "running") return absl::OkStatus();
  const auto logged = parts_.log->Find("abandon/" + transparency::PrintStudy(study_.digest) + "/0");
  return logged ? Logged(*logged) : absl::OkStatus();
}

bool StudyRun::StopsEarly() const {
  const auto* const spec = std::get_if<study::TrainSpec>(&study_.recipe);
  return spec != nullptr && spec->patience > 0;
}

// The journal's state: least_counted, 8 bytes; training: the digest of the optimizer's bytes, which
// are in the store; where the clip adapts, the bits of the next round's; where the study may end
// early, those of the three numbers of StopState.
size_t StudyRun::StateBytes() const {
  return 8 + (recipe_->needs_model() ? Digest{}.bytes.size() : 0) +
         (study_.privacy.clip_rule ? 8 : 0) + (StopsEarly() ? 24 : 0);
}

absl::Status StudyRun::LoadState(const std::string& state) {
  if (state.size() != StateBytes()) {
    return WithCode(DataLoss("the journal's state of study %s has %d bytes, want %d; restore "
                             "journal.sqlite from a backup",
                             study_.digest.Short(), state.size(), StateBytes()),
                    "JOURNAL_CORRUPT");
  }
  auto rest = AsBytes(state);
  const auto next = [&rest] {
    const uint64_t bits = GetUint64BigEndian(rest.first<8>());
    rest = rest.subspan(8);
    return bits;
  };
  least_counted_ = static_cast<int>(next());
  if (!recipe_->needs_model()) return absl::OkStatus();
  MUTUAL_ASSIGN_OR_RETURN(optimizer_file_,
                          Digest::FromHex(HexEncode(rest.first(Digest{}.bytes.size()))));
  rest = rest.subspan(Digest{}.bytes.size());
  if (study_.privacy.clip_rule) clip_ = std::bit_cast<double>(next());
  if (StopsEarly()) {
    for (double* const part : {&stop_.before, &stop_.loss, &stop_.count}) {
      *part = std::bit_cast<double>(next());
    }
  }
  if (record_.state != "running") return absl::OkStatus();
  MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, parts_.store->Get(*optimizer_file_));
  MUTUAL_ASSIGN_OR_RETURN(optimizer_, aggregation::Parse(bytes));
  return absl::OkStatus();
}

absl::StatusOr<std::string> StudyRun::SaveState(std::optional<Digest>* optimizer_file) {
  std::string state;
  PutUint64BigEndian(static_cast<uint64_t>(least_counted_), &state);
  if (!recipe_->needs_model()) return state;
  MUTUAL_ASSIGN_OR_RETURN(const auto file,
                          parts_.store->Resume("state-" + study_.digest.Short(), 0));
  MUTUAL_RETURN_IF_ERROR(aggregation::SerializeTo(
      optimizer_, [&](std::string_view piece) { return file->Append(piece); }));
  MUTUAL_ASSIGN_OR_RETURN(*optimizer_file, file->Keep());
  state += AsText((*optimizer_file)->bytes);
  const auto put = [&state](double value) {
    PutUint64BigEndian(std::bit_cast<uint64_t>(value), &state);
  };
  if (study_.privacy.clip_rule) put(clip_);
  if (StopsEarly()) {
    for (const double part : {stop_.before, stop_.loss, stop_.count}) put(part);
  }
  return state;
}

std::set<std::string> StudyRun::Roster() const {
  return absl::StrSplit(record_.roster, '\n', absl::SkipEmpty());
}

uint64_t StudyRun::rounds_released() const {
  if (round_ == 0) return 0;
  return record_.state == "finished" ? round_ : round_ - 1;
}

int StudyRun::accepted() const {
  return static_cast<int>(std::count_if(answers_.begin(), answers_.end(),
                                        [](const AnswerRow& answer) { return answer.accepted; }));
}
int StudyRun::refused() const { return static_cast<int>(answers_.size()) - accepted(); }

absl::Status StudyRun::TakeAnswer(const AnswerRow& answer) {
  const auto same = std::find_if(answers_.begin(), answers_.end(),
                                 [&](const AnswerRow& a) { return a.node == answer.node; });
  if (same != answers_.end() && same->entry == answer.entry) return absl::OkStatus();
  MUTUAL_RETURN_IF_ERROR(parts_.journal->SaveAnswer(study_.digest, answer));
  if (same != answers_.end()) {
    *same = answer;
  } else {
    answers_.push_back(answer);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> StudyRun::MaybeStart(const std::set<std::string>& nodes, absl::Time now) {
  if (record_.state != "proposed" || !unbegun_.empty()) return false;
  absl::Time proposed;
  ParseUtc(record_.proposed_at, &proposed);
  const bool window_over = now > proposed + study_.cohort.join_window;
  if (accepted() < study_.cohort.min_nodes) {
    if (!window_over) return false;
    unbegun_ = "TOO_FEW_ACCEPTED";
    return true;
  }
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<std::string> roster, Roster(nodes, now));
  if (static_cast<int>(roster.size()) < study_.cohort.min_nodes) {
    if (now <= proposed + study_.cohort.join_window + study_.cohort.deadline) return false;
    unbegun_ = "TOO_FEW_KEYS";
    return true;
  }
  record_.roster = absl::StrJoin(roster, "\n");
  record_.state = "running";
  MUTUAL_RETURN_IF_ERROR(parts_.journal->SaveStudy(record_));
  return true;
}

absl::Status StudyRun::StartModel() {
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<float> initial, StartModelOf(*parts_.store, study_));
  optimizer_ = aggregation::StartAt(std::vector<double>(initial.begin(), initial.end()));
  clip_ = study_.privacy.clip.value_or(0);
  return absl::OkStatus();
}

absl::Status StudyRun::Apply(const RoundEvent& event) { return ApplyAll({event})[0]; }

std::vector<absl::Status> StudyRun::ApplyAll(const std::vector<RoundEvent>& events) {
  RoundMachine next = *machine_;
  std::vector<absl::Status> statuses;
  std::vector<std::string> accepted;
  for (const RoundEvent& event : events) {
    statuses.push_back(next.Handle(event).status());
    if (statuses.back().ok()) accepted.push_back(Serialize(event));
  }
  if (accepted.empty()) return statuses;
  const absl::Status kept = parts_.journal->AppendEvents(study_.digest, round_, accepted);
  if (kept.ok()) *machine_ = std::move(next);
  for (absl::Status& status : statuses) status.Update(kept);
  return statuses;
}

std::optional<std::string> StudyRun::NoticeFor(const std::string& node) const {
  if (record_.state != "running" || machine_ == nullptr) return std::nullopt;
  const auto* collecting = std::get_if<Collecting>(&machine_->state());
  if (collecting == nullptr || machine_->rules().roster.count(node) == 0 ||
      collecting->received.count(node) > 0 || collecting->declined.count(node) > 0) {
    return std::nullopt;
  }
  return notice_;
}

bool StudyRun::IsOpen(uint64_t round) const {
  return record_.state == "running" && machine_ != nullptr && round == round_ &&
         std::holds_alternative<Collecting>(machine_->state());
}

bool StudyRun::HasContribution(const std::string& node, uint64_t round) const {
  if (machine_ == nullptr || round != round_) return round < round_;
  if (const auto* state = std::get_if<Collecting>(&machine_->state())) {
    return state->received.count(node) > 0;
  }
  return true;  // closed: nothing more is wanted
}

bool StudyRun::IsModel(const Digest& digest) const {
  if ((record_.state == "running" && model_ == digest) || record_.model == digest.ToHex()) {
    return true;
  }
  // The published result names what is published beside the model.
  if (record_.state != "finished" || record_.model.empty()) return false;
  const auto result = study::ResultFromJson(record_.result_json);
  return result.ok() && std::any_of(result->further_models.begin(), result->further_models.end(),
                                    [hex = digest.ToHex()](const study::FurtherModel& model) {
                                      return model.digest == hex;
                                    });
}

bool StudyRun::IsOnRoster(const std::string& node) const {
  return machine_ != nullptr && machine_->rules().roster.count(node) > 0;
}

absl::Status StudyRun::CheckDeadline(absl::Time now) {
  if (record_.state != "running" || machine_ == nullptr) return absl::OkStatus();
  const auto* const tallying = std::get_if<Tallying>(&machine_->state());
  const bool late =
      tallying != nullptr
          ? !tallying->is_complete() && now > absl::FromUnixSeconds(tallying->close.tally_deadline)
          : IsOpen(round_) && now > deadline_;
  return late ? Apply(DeadlinePassed{}) : absl::OkStatus();
}

std::optional<ReleaseInput> StudyRun::TakePendingRelease() {
  if (record_.state != "running" || machine_ == nullptr) return std::nullopt;
  const auto* const tallying = std::get_if<Tallying>(&machine_->state());
  if (tallying == nullptr || !tallying->is_complete() || output_ || !doom_.empty())
    return std::nullopt;
  ReleaseInput input{&study_, recipe_.get(),         round_, static_cast<int>(Roster().size()),
                     {},      std::move(optimizer_), {},     clip_,
                     stop_};
  for (const auto& [node, contribution] : tallying->received) {
    input.files.push_back(parts_.store->PathOf(contribution.sha256).string());
  }
  for (const auto& [mask_class, sum] : tallying->sums) {
    input.mask_files.push_back(parts_.store->PathOf(sum).string());
  }
  return input;
}

absl::Status StudyRun::Publish() {
  ReleaseOutput output = *std::exchange(output_, std::nullopt);
  const int counted = static_cast<int>(std::get<Tallying>(machine_->state()).received.size());
  least_counted_ = least_counted_ == 0 ? counted : std::min(least_counted_, counted);
  optimizer_ = std::move(output.state);
  clip_ = output.next_clip;
  stop_ = output.stop;
  const bool last = output.is_last;
  const std::string& outcome = recipe_->needs_model() ? output.model : output.result_json;
  MUTUAL_ASSIGN_OR_RETURN(const Digest digest, parts_.store->Put(outcome));
  std::string().swap(output.model);
  if (!output.last_iterate.empty()) {
    MUTUAL_RETURN_IF_ERROR(parts_.store->Put(output.last_iterate).status());
  }
  if (last) {
    // The result is durable before the event that makes the round released.
    record_.result_json = output.result_json;
    record_.model = recipe_->needs_model() ? digest.ToHex() : "";
    MUTUAL_ASSIGN_OR_RETURN(record_.privacy_json, PrivacyJson(study_, {least_counted_, round_}));
    MUTUAL_RETURN_IF_ERROR(parts_.journal->SaveStudy(record_));
  }
  std::optional<Digest> optimizer_file;
  MUTUAL_ASSIGN_OR_RETURN(const std::string state, SaveState(&optimizer_file));
  const RoundEvent event = SumReleased{output.sum, digest};
  MUTUAL_RETURN_IF_ERROR(machine_->Handle(event).status());
  MUTUAL_RETURN_IF_ERROR(
      parts_.journal->AppendEvent(study_.digest, round_, Serialize(event), state));
  // Only now does nothing need the state before.
  if (optimizer_file_ && optimizer_file_ != optimizer_file) parts_.store->Remove(*optimizer_file_);
  optimizer_file_ = optimizer_file;
  // A list that cannot be written now is made up for at the next start.
  KeepFiles().IgnoreError();
  if (!last) return absl::OkStatus();
  record_.state = "finished";
  return parts_.journal->SaveStudy(record_);
}

absl::Status StudyRun::Fail(const std::string& reason) {
  record_.state = "abandoned";
  record_.reason = reason;
  MUTUAL_RETURN_IF_ERROR(parts_.journal->SaveStudy(record_));
  if (round_ > 0) KeepFiles().IgnoreError();  // as in Publish
  return absl::OkStatus();
}

}  // namespace mutual::coordinator
