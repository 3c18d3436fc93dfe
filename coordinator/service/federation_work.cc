// The core's worker: what is due goes to the log and then takes effect; subscribers hear of it.
#include <algorithm>
#include <optional>

#include "base/status.h"
#include "coordinator/service/federation_core.h"
#include "coordinator/service/own_entries.h"

namespace mutual::coordinator {
namespace {

constexpr absl::Duration kHeartbeat = absl::Seconds(10);
constexpr absl::Duration kTallyBeat =
    absl::Seconds(1);  // a silent scrutineer is followed by others

}  // namespace

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

void FederationCore::Wake() {
  const absl::MutexLock lock(&mutex_);
  changed_ = true;
}

void FederationCore::FailRun(StudyRun* run, const absl::Status& status) {
  parts_.say("study " + run->study().digest.Short() + ": " + Describe(status));
  // Too few witnesses, a full disk: it goes on when that is over.
  if (absl::IsUnavailable(status)) return;
  const std::string code = ErrorCode(status);
  run->Doom(code.empty() ? "RELEASE_FAILED" : code);
}

// What does not belong to a study's course: revocations, the programs here, what the operator put
// on record.
void FederationCore::LogOwnEntries() {
  const absl::StatusOr<std::vector<Digest>> stopped = LogIncidents(*parts_.log, *parts_.journal);
  for (const absl::Status& status :
       {admission_.LogRevocations(), LogSoftware(*parts_.log, programs_, *parts_.clock),
        stopped.status()}) {
    // Too few witnesses is told to whoever waits; here it goes on when they are back.
    if (!status.ok() && !absl::IsUnavailable(status)) parts_.say(Describe(status));
  }
  if (!stopped.ok()) return;
  const absl::MutexLock lock(&mutex_);
  for (const Digest& study : *stopped) {
    StudyRun* const run = Find(study);
    const absl::Status status = run == nullptr ? absl::OkStatus() : run->Stop(kOperatorStopped);
    if (!status.ok()) parts_.say(Describe(status));
  }
}

// Writes one due entry: to the log without the lock, its effect with it.
bool FederationCore::LogOne() {
  std::optional<transparency::Entry> entry;
  StudyRun* run = nullptr;
  WantedWitnesses wanted;
  {
    const absl::MutexLock lock(&mutex_);
    for (const auto& candidate : runs_) {
      absl::StatusOr<std::optional<transparency::Entry>> due =
          candidate->EntryToLog(parts_.clock->Now());
      if (!due.ok()) {
        FailRun(candidate.get(), due.status());
      } else if (*due) {
        entry = **due;
        run = candidate.get();
        if (entry->type() == "close") wanted = run->CloseWitnesses();
        break;
      }
    }
  }
  if (!entry) return false;
  const absl::StatusOr<transparency::SignedEntry> signed_entry = parts_.log->Sign(*entry);
  absl::StatusOr<LoggedEntry> logged =
      signed_entry.ok() ? parts_.log->AppendFor(*signed_entry, wanted) : signed_entry.status();
  const absl::MutexLock lock(&mutex_);
  const absl::Status status = logged.ok() ? run->Logged(*logged) : logged.status();
  if (!status.ok()) FailRun(run, status);
  changed_ = true;
  return status.ok();
}

// Computes one closed round's sum without the lock, or logs and publishes one that is computed.
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
  if (!input) return PublishOne();
  absl::StatusOr<ReleaseOutput> output = ReleaseRound(*std::move(input));
  const absl::MutexLock lock(&mutex_);
  if (output.ok()) {
    run->KeepOutput(*std::move(output));
  } else {
    FailRun(run, output.status());
  }
  return true;
}

bool FederationCore::PublishOne() {
  StudyRun* run = nullptr;
  absl::StatusOr<transparency::Entry> entry = absl::NotFoundError("");
  uint64_t round = 0;
  {
    const absl::MutexLock lock(&mutex_);
    for (const auto& candidate : runs_) {
      if (!candidate->has_output()) continue;
      run = candidate.get();
      round = run->rounds_released() + 1;
      entry = run->ReleaseEntry(parts_.clock->Now());
      break;
    }
  }
  if (run == nullptr) return false;
  absl::Status status = entry.status();
  if (status.ok()) {
    const absl::StatusOr<transparency::SignedEntry> signed_entry = parts_.log->Sign(*entry);
    status = signed_entry.ok() ? parts_.log->Append(*signed_entry).status() : signed_entry.status();
  }
  const absl::MutexLock lock(&mutex_);
  if (status.ok()) status = run->Publish();
  if (!status.ok()) {
    FailRun(run, status);
  } else if (run->record().state == "finished" || round % 10 == 0) {
    parts_.say("study " + run->study().digest.Short() + ": round " + std::to_string(round) +
               " released");
  }
  changed_ = true;
  return status.ok();
}

void FederationCore::Work() {
  absl::Time heartbeat = parts_.clock->Now() + kHeartbeat;
  while (true) {
    bool notify = false, is_tallying = false;
    {
      const absl::MutexLock lock(&mutex_);
      const auto wake = [this]()
                            ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || changed_; };
      mutex_.AwaitWithTimeout(absl::Condition(&wake), absl::Milliseconds(200));
      if (stopping_) return;
      notify = changed_;
      changed_ = false;
      const absl::Time now = parts_.clock->Now();
      for (const auto& run : runs_) {
        const absl::StatusOr<bool> taken =
            run->record().state == "proposed" ? run->TakeLoggedKeys() : false;
        if (!taken.ok()) parts_.say(Describe(taken.status()));
        notify = notify || (taken.ok() && *taken);
        const absl::Status late = run->CheckDeadline(now);
        const absl::StatusOr<bool> started = run->MaybeStart(ActiveNodes(), now);
        if (!late.ok() || !started.ok()) {
          parts_.say(Describe(late.ok() ? started.status() : late));
        }
        notify = notify || (started.ok() && *started);
        is_tallying = is_tallying || run->IsTallying();
      }
    }
    LogOwnEntries();
    while (LogOne() || ReleaseOne()) notify = true;
    SeekCosigners();
    const absl::Duration early = is_tallying ? kHeartbeat - kTallyBeat : absl::ZeroDuration();
    const absl::Time now = parts_.clock->Now();
    heartbeat = std::min(heartbeat, now + kHeartbeat);  // the clock may have been set back
    if (now > heartbeat - early) {
      notify = true;
      ++beat_;
      heartbeat = now + kHeartbeat;
    }
    if (notify) NotifyAll();
  }
}

}  // namespace mutual::coordinator
