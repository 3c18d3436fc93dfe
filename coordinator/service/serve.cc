#include "coordinator/service/serve.h"

#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "coordinator/enrolment/federation_state.h"
#include "coordinator/log/outside_witnesses.h"
#include "coordinator/service/federation_core.h"
#include "coordinator/service/server.h"
#include "transparency/http/log_server.h"

namespace mutual::coordinator {
namespace {

// Tells those who bring cosignatures that a checkpoint waits, while they are there. Thread-safe.
class Waker {
 public:
  void Wake() {
    const absl::MutexLock lock(&mutex_);
    if (core_ == nullptr) return;
    core_->NotifyAll();
    outside_->Wake(core_->log().policy());
  }
  void Connect(FederationCore* core, OutsideWitnesses* outside) {
    const absl::MutexLock lock(&mutex_);
    core_ = core;
    outside_ = outside;
  }

 private:
  absl::Mutex mutex_;
  FederationCore* core_ ABSL_GUARDED_BY(mutex_) = nullptr;
  OutsideWitnesses* outside_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

// Connects for its own life.
class Connection {
 public:
  Connection(Waker* waker, FederationCore* core, OutsideWitnesses* outside) : waker_(waker) {
    waker_->Connect(core, outside);
    waker_->Wake();  // for what a crash had left waiting
  }
  ~Connection() { waker_->Connect(nullptr, nullptr); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

 private:
  Waker* const waker_;
};

// Listens on both doors and waits.
absl::Status Run(FederationCore& core, const std::atomic<bool>& interrupted) {
  const FederationState& state = core.state();
  MUTUAL_ASSIGN_OR_RETURN(const auto server, Server::Start(core));
  std::unique_ptr<transparency::HttpListener> files;
  if (!state.log().listen.empty()) {
    MUTUAL_ASSIGN_OR_RETURN(files,
                            transparency::ServeLog(state.log().listen, core.log().served_folder()));
    std::printf("The log is read at port %d (%s).\n", files->port(), state.log().listen.c_str());
  }
  std::printf("Serving %s on %s; stop with Ctrl-C.\n", state.federation().c_str(),
              state.listen().c_str());
  std::fflush(stdout);
  while (!interrupted && core.log().status().ok()) ::usleep(50000);
  MUTUAL_RETURN_IF_ERROR(core.log().status());
  std::printf("Stopping; every round resumes at the next start.\n");
  return absl::OkStatus();
}

}  // namespace

absl::Status Serve(const ServeOptions& options, const std::atomic<bool>& interrupted) {
  const SystemClock clock;
  MUTUAL_ASSIGN_OR_RETURN(const auto state, FederationState::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const auto journal,
                          Journal::Open((state->folder() / "journal.sqlite").string()));
  MUTUAL_ASSIGN_OR_RETURN(const auto store, ContentStore::Open(state->folder() / "content"));
  MUTUAL_ASSIGN_OR_RETURN(const auto retention,
                          Retention::Open((state->folder() / "kept.sqlite").string(),
                                          {state->keep_rounds()}, store.get()));
  MUTUAL_ASSIGN_OR_RETURN(const std::string rules,
                          ReadFile(state->folder() / "rules.md", uint64_t{1} << 20));
  const auto& say = options.say;
  Waker waker;
  CosignBoard board([&waker] { waker.Wake(); });
  OutsideWitnesses outside(&board, say);
  PublicLog::Options log_options{state->folder() / "log",
                                 state->origin(),
                                 &state->log_key(),
                                 &state->entry_key(),
                                 state->federation(),
                                 rules,
                                 &clock,
                                 &board,
                                 say};
  log_options.served = options.log_folder;
  const auto kept_elsewhere = [&state](const transparency::Policy& policy) {
    return OutsideWitnesses::KeptBy(policy, state->origin());
  };
  MUTUAL_ASSIGN_OR_RETURN(const auto log,
                          PublicLog::Open(std::move(log_options), kept_elsewhere));
  MUTUAL_ASSIGN_OR_RETURN(const auto core,
                          FederationCore::Start({state.get(), journal.get(), store.get(), log.get(),
                                                 &board, retention.get(), &clock, say}));
  const Connection connection(&waker, core.get(), &outside);
  return Run(*core, interrupted);
}

}  // namespace mutual::coordinator
