// For the preset tsan only, where it is part of every program: shows Abseil's mutexes to
// ThreadSanitizer.
//
// Debian's Abseil is built without it, so a mutex would order nothing in its eyes and all data
// under one would look raced for. The functions below come before Abseil's in the program and in
// every library that it loads; each calls Abseil's own and says what it did, as Abseil says it
// itself when it is built with ThreadSanitizer. Nothing else is said: data without a mutex, or
// under another one, is still a race (tests/sanitizer shows both).
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/options.h"
#include "absl/synchronization/mutex.h"

namespace {

#define MUTUAL_TEXT_OF(name) #name
#define MUTUAL_TEXT(name) MUTUAL_TEXT_OF(name)

// Abseil's own function; `name` is the mangled name behind the name space. It lives as long as the
// program.
template <typename Function>
Function* Abseil(const char* name) {
  const std::string space = MUTUAL_TEXT(ABSL_OPTION_INLINE_NAMESPACE_NAME);
  const std::string_view text = name;
  const bool is_const = text.front() == 'K';
  const std::string mangled = std::string(is_const ? "_ZNK4absl" : "_ZN4absl") +
                              std::to_string(space.size()) + space +
                              std::string(is_const ? text.substr(1) : text);
  void* const found = ::dlsym(RTLD_NEXT, mangled.c_str());
  if (found == nullptr) {
    std::fprintf(stderr,
                 "Abseil has no %s: tests/support/tsan_mutex.cc is for another release of it\n",
                 mangled.c_str());
    std::abort();
  }
  return reinterpret_cast<Function*>(found);
}

using Take = void(absl::Mutex*);
using Try = bool(absl::Mutex*);
using Wait = void(absl::Mutex*, const absl::Condition&);
using WaitSpan = bool(absl::Mutex*, const absl::Condition&, absl::Duration);
using WaitUntil = bool(absl::Mutex*, const absl::Condition&, absl::Time);

// The mutex with which this thread is inside a function of Abseil that may evaluate conditions.
thread_local absl::Mutex* inside = nullptr;

void Taken(absl::Mutex* mutex) {
  __tsan_mutex_pre_lock(mutex, 0);
  __tsan_mutex_post_lock(mutex, 0, 0);
}

void Given(absl::Mutex* mutex, unsigned kind = 0) {
  __tsan_mutex_pre_unlock(mutex, kind);
  __tsan_mutex_post_unlock(mutex, kind);
}

// Around a function of Abseil that gives `mutex` back at its beginning, or takes it before its end,
// or both. One such function may call another: the outer one speaks.
class Passage {
 public:
  struct Course {
    bool gives = false;
    bool takes = false;
  };
  Passage(absl::Mutex* mutex, Course course) : mutex_(mutex), course_(course), before_(inside) {
    if (before_ == mutex) course_ = Course{};
    if (course_.gives) Given(mutex);
    inside = mutex;
  }
  ~Passage() {
    inside = before_;
    if (course_.takes) Taken(mutex_);
  }
  Passage(const Passage&) = delete;
  Passage& operator=(const Passage&) = delete;

 private:
  absl::Mutex* mutex_;
  Course course_;
  absl::Mutex* before_;
};

constexpr Passage::Course kUnlock{.gives = true, .takes = false};
constexpr Passage::Course kLock{.gives = false, .takes = true};
constexpr Passage::Course kWait{.gives = true, .takes = true};

bool Tried(absl::Mutex* mutex, Try* abseil, unsigned kind) {
  __tsan_mutex_pre_lock(mutex, kind);
  const bool is_taken = abseil(mutex);
  __tsan_mutex_post_lock(mutex, is_taken ? kind : kind | __tsan_mutex_try_lock_failed, 0);
  return is_taken;
}

}  // namespace

absl::Mutex::~Mutex() {
  static Take* const abseil = Abseil<Take>("5MutexD1Ev");
  __tsan_mutex_destroy(this, __tsan_mutex_not_static);
  abseil(this);
}

void absl::Mutex::Lock() {
  static Take* const abseil = Abseil<Take>("5Mutex4LockEv");
  __tsan_mutex_pre_lock(this, 0);
  abseil(this);
  __tsan_mutex_post_lock(this, 0, 0);
}

void absl::Mutex::Unlock() {
  static Take* const abseil = Abseil<Take>("5Mutex6UnlockEv");
  const Passage passage(this, kUnlock);
  abseil(this);
}

bool absl::Mutex::TryLock() {
  static Try* const abseil = Abseil<Try>("5Mutex7TryLockEv");
  return Tried(this, abseil, __tsan_mutex_try_lock);
}

void absl::Mutex::ReaderLock() {
  static Take* const abseil = Abseil<Take>("5Mutex10ReaderLockEv");
  __tsan_mutex_pre_lock(this, __tsan_mutex_read_lock);
  abseil(this);
  __tsan_mutex_post_lock(this, __tsan_mutex_read_lock, 0);
}

void absl::Mutex::ReaderUnlock() {
  static Take* const abseil = Abseil<Take>("5Mutex12ReaderUnlockEv");
  Given(this, __tsan_mutex_read_lock);
  const Passage passage(this, Passage::Course{});
  abseil(this);
}

bool absl::Mutex::ReaderTryLock() {
  static Try* const abseil = Abseil<Try>("5Mutex13ReaderTryLockEv");
  return Tried(this, abseil, __tsan_mutex_try_read_lock);
}

// Await under a reader's lock is not shown: nothing here waits so, and it would be reported.
void absl::Mutex::Await(const Condition& condition) {
  static Wait* const abseil = Abseil<Wait>("5Mutex5AwaitERKNS0_9ConditionE");
  const Passage passage(this, kWait);
  abseil(this, condition);
}

bool absl::Mutex::AwaitWithTimeout(const Condition& condition, absl::Duration timeout) {
  static WaitSpan* const abseil =
      Abseil<WaitSpan>("5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  const Passage passage(this, kWait);
  return abseil(this, condition, timeout);
}

bool absl::Mutex::AwaitWithDeadline(const Condition& condition, absl::Time deadline) {
  static WaitUntil* const abseil =
      Abseil<WaitUntil>("5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  const Passage passage(this, kWait);
  return abseil(this, condition, deadline);
}

void absl::Mutex::LockWhen(const Condition& condition) {
  static Wait* const abseil = Abseil<Wait>("5Mutex8LockWhenERKNS0_9ConditionE");
  const Passage passage(this, kLock);
  abseil(this, condition);
}

bool absl::Mutex::LockWhenWithTimeout(const Condition& condition, absl::Duration timeout) {
  static WaitSpan* const abseil =
      Abseil<WaitSpan>("5Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  const Passage passage(this, kLock);
  return abseil(this, condition, timeout);
}

bool absl::Mutex::LockWhenWithDeadline(const Condition& condition, absl::Time deadline) {
  static WaitUntil* const abseil =
      Abseil<WaitUntil>("5Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  const Passage passage(this, kLock);
  return abseil(this, condition, deadline);
}

// Abseil evaluates a condition in any thread that holds the mutex, also for another one, and in the
// midst of a function that is shown as having given the mutex back already, or not taken it yet.
bool absl::Condition::Eval() const {
  static auto* const abseil = Abseil<bool(const absl::Condition*)>("K9Condition4EvalEv");
  absl::Mutex* const mutex = std::exchange(inside, nullptr);
  if (mutex != nullptr) Taken(mutex);
  const bool is_true = abseil(this);
  if (mutex != nullptr) Given(mutex);
  inside = mutex;
  return is_true;
}

void absl::CondVar::Wait(Mutex* mutex) {
  static auto* const abseil =
      Abseil<void(absl::CondVar*, absl::Mutex*)>("7CondVar4WaitEPNS0_5MutexE");
  const Passage passage(mutex, kWait);
  abseil(this, mutex);
}

bool absl::CondVar::WaitWithTimeout(Mutex* mutex, absl::Duration timeout) {
  static auto* const abseil = Abseil<bool(absl::CondVar*, absl::Mutex*, absl::Duration)>(
      "7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
  const Passage passage(mutex, kWait);
  return abseil(this, mutex, timeout);
}

bool absl::CondVar::WaitWithDeadline(Mutex* mutex, absl::Time deadline) {
  static auto* const abseil = Abseil<bool(absl::CondVar*, absl::Mutex*, absl::Time)>(
      "7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
  const Passage passage(mutex, kWait);
  return abseil(this, mutex, deadline);
}
