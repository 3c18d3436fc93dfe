#include "client/scrutineer/mask_desk.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/status.h"

namespace mutual::client {

namespace {
// Without being asked. Whoever sweeps reads the log, and every change at the coordinator may send a
// heartbeat.
constexpr std::chrono::seconds kSweepEvery(30);
}  // namespace

void MaskDesk::Stop() {
  stopping_ = true;
  if (Channel* const channel = channel_.load(); channel != nullptr) channel->Cancel();
}

bool MaskDesk::Wait(absl::Duration duration) const {
  const auto until = std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(duration);
  while (!stopping_ && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return !stopping_;
}

absl::Status MaskDesk::Do(Channel& channel, const MaskDuty& duty) {
  switch (duty.kind) {
    case MaskDutyKind::kPublishKey:
      return scrutineer_.PublishKey(channel, duty.study);
    case MaskDutyKind::kDrawMasks:
      return node_.Draw(channel, duty.study);
    case MaskDutyKind::kConfirm:
      return scrutineer_.Confirm(channel, duty);
    case MaskDutyKind::kReveal:
      return node_.Reveal(channel, duty.study);
    case MaskDutyKind::kTally:
      return scrutineer_.Tally(channel, duty);
    case MaskDutyKind::kClassSums:
      return scrutineer_.HandOver(channel, duty);
    case MaskDutyKind::kForget:
    case MaskDutyKind::kNone:
      break;
  }
  return Sweep(channel);
}

// What the log says decides, not what the coordinator asks; without keys here nothing is read.
absl::Status MaskDesk::Sweep(Channel& channel) {
  if (!node_.HasKeys() && !scrutineer_.HasKeys()) return absl::OkStatus();
  absl::Status status = parts_.room->Read(channel).status();
  status.Update(node_.Sweep());
  status.Update(scrutineer_.Sweep(channel));
  return status;
}

absl::Status MaskDesk::ServeOnce(Channel& channel) {
  Sweep(channel).IgnoreError();  // said at the next heartbeat
  auto swept = std::chrono::steady_clock::now();
  return channel.WatchMasks([&](const MaskDuty& duty) {
    if (stopping_) return false;
    if (duty.kind == MaskDutyKind::kNone) {
      const auto now = std::chrono::steady_clock::now();
      if (now - swept < kSweepEvery) return true;
      swept = now;
    }
    absl::Status done = Do(channel, duty);
    // A busy log or too few witnesses: the same duty again, a few times.
    for (int attempt = 0; attempt < 5 && absl::IsUnavailable(done) && Wait(absl::Seconds(1));
         ++attempt) {
      done = Do(channel, duty);
    }
    const std::string line = "study " + duty.study.Short() + ": masks: " + Describe(done);
    if (!done.ok() && !stopping_ && said_.insert(line).second) parts_.say(line);
    // A full disk, say: after a new connection the coordinator sends every duty again.
    return !stopping_ && !absl::IsUnavailable(done);
  });
}

void MaskDesk::Serve() {
  absl::Duration backoff = absl::Milliseconds(200);
  while (!stopping_) {
    const auto channel = parts_.home->Connect();
    if (channel.ok()) {
      channel_ = channel->get();
      // Stop() either saw the channel and cancels it, or is seen here.
      const absl::Status ended = stopping_ ? absl::OkStatus() : ServeOnce(**channel);
      channel_ = nullptr;
      if (ended.ok()) backoff = absl::Milliseconds(200);
    }
    if (!Wait(backoff)) return;
    backoff = std::min(backoff * 2, absl::Seconds(30));
  }
}

}  // namespace mutual::client
