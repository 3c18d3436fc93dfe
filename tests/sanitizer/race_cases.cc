// Two threads and one counter, as race_test.cc wants them: `race_cases NAME`. Exits with
// ThreadSanitizer's status when that has something to report, otherwise with 0, or 2 for an unknown
// name.
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace {

constexpr int kTurns = 1000;

// What both threads use. Not annotated: the compiler must let the wrong uses pass.
struct Shared {
  absl::Mutex mutex;
  absl::Mutex other;
  absl::CondVar changed;
  int counter = 0;
  bool is_ready = false;
};

using Turn = std::function<void(Shared&)>;

void RunTogether(Shared& shared, const Turn& first, const Turn& second) {
  std::thread one([&shared, &first] { first(shared); });
  std::thread two([&shared, &second] { second(shared); });
  one.join();
  two.join();
}

Turn Repeat(const Turn& turn) {
  return [turn](Shared& shared) {
    for (int i = 0; i < kTurns; ++i) turn(shared);
  };
}

void Count(Shared& shared) { ++shared.counter; }

void CountLocked(Shared& shared) {
  const absl::MutexLock lock(&shared.mutex);
  ++shared.counter;
}

void CountUnderOther(Shared& shared) {
  const absl::MutexLock lock(&shared.other);
  ++shared.counter;
}

void CountTrying(Shared& shared) {
  if (!shared.mutex.TryLock()) return;
  ++shared.counter;
  shared.mutex.Unlock();
}

void ReadShared(Shared& shared) {
  const absl::ReaderMutexLock lock(&shared.mutex);
  if (shared.counter < 0) std::puts("negative");
}

void CountAsReader(Shared& shared) {
  const absl::ReaderMutexLock lock(&shared.mutex);
  ++shared.counter;
}

// The other thread writes the counter before it is ready; this one reads it after.
void AwaitReady(Shared& shared) {
  const auto is_ready = [&shared] { return shared.is_ready; };
  const absl::MutexLock lock(&shared.mutex);
  shared.mutex.Await(absl::Condition(&is_ready));
  ++shared.counter;
}

void AwaitReadyInTime(Shared& shared) {
  const auto is_ready = [&shared] { return shared.is_ready; };
  const absl::MutexLock lock(&shared.mutex);
  while (!shared.mutex.AwaitWithTimeout(absl::Condition(&is_ready), absl::Milliseconds(1)))
    ++shared.counter;
}

void LockWhenReady(Shared& shared) {
  const auto is_ready = [&shared] { return shared.is_ready; };
  const absl::MutexLock lock(&shared.mutex, absl::Condition(&is_ready));
  ++shared.counter;
}

void WaitForChange(Shared& shared) {
  const absl::MutexLock lock(&shared.mutex);
  while (!shared.is_ready) shared.changed.WaitWithTimeout(&shared.mutex, absl::Milliseconds(1));
  ++shared.counter;
}

void BecomeReady(Shared& shared) {
  for (int i = 0; i < kTurns; ++i) CountLocked(shared);
  const absl::MutexLock lock(&shared.mutex);
  shared.is_ready = true;
  shared.changed.SignalAll();
}

// Ready, as far as the other thread can see without the mutex that it waits with.
void BecomeReadyUnlocked(Shared& shared) {
  Count(shared);
  BecomeReady(shared);
  Count(shared);
}

// A condition that looks at what another mutex guards.
void AwaitWrongly(Shared& shared) {
  const auto has_counted = [&shared] { return shared.counter >= 0; };
  const absl::MutexLock lock(&shared.other, absl::Condition(&has_counted));
}

void LockInOrder(Shared& shared) {
  const absl::MutexLock outer(&shared.mutex);
  const absl::MutexLock inner(&shared.other);
}

void LockInReverse(Shared& shared) {
  const absl::MutexLock outer(&shared.other);
  const absl::MutexLock inner(&shared.mutex);
}

struct Case {
  Turn first;
  Turn second;
};

const std::map<std::string, Case>& Cases() {
  static const std::map<std::string, Case> cases = {
      // No race.
      {"locked", {Repeat(CountLocked), Repeat(CountLocked)}},
      {"tried", {Repeat(CountLocked), Repeat(CountTrying)}},
      {"read", {Repeat(CountLocked), Repeat(ReadShared)}},
      {"awaited", {BecomeReady, AwaitReady}},
      {"awaited-in-time", {BecomeReady, AwaitReadyInTime}},
      {"locked-when", {BecomeReady, LockWhenReady}},
      {"signalled", {BecomeReady, WaitForChange}},
      // A race.
      {"unlocked", {Repeat(Count), Repeat(Count)}},
      {"one-unlocked", {Repeat(CountLocked), Repeat(Count)}},
      {"two-mutexes", {Repeat(CountLocked), Repeat(CountUnderOther)}},
      {"written-by-readers", {Repeat(CountAsReader), Repeat(CountAsReader)}},
      {"unlocked-after-awaited", {BecomeReadyUnlocked, AwaitReady}},
      {"unlocked-condition", {Repeat(CountLocked), Repeat(AwaitWrongly)}},
  };
  return cases;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string name = count == 2 ? arguments[1] : "";
  Shared shared;
  if (name == "reversed") {  // one after the other: no deadlock, but one that could be
    // Debian's Abseil would see it too, and abort.
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    RunTogether(shared, LockInOrder, [](Shared&) {});
    RunTogether(shared, LockInReverse, [](Shared&) {});
    return 0;
  }
  const auto found = Cases().find(name);
  if (found == Cases().end()) {
    std::fprintf(stderr, "unknown case \"%s\", want one of race_test.cc\n", name.c_str());
    return 2;
  }
  RunTogether(shared, found->second.first, found->second.second);
  return 0;
}
