// Witnesses outside the federation: asked for cosignatures by HTTP, as the policy's URLs say.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/log/cosign_board.h"
#include "transparency/policy.h"

namespace mutual::coordinator {

// One thread for each, so that a slow one holds up nobody. Thread-safe.
class OutsideWitnesses {
 public:
  // `board` outlives this. `say` gets a line when a witness begins to fail, and when it answers
  // again.
  OutsideWitnesses(CosignBoard* board, std::function<void(const std::string&)> say)
      : board_(board), say_(std::move(say)) {}
  // Waits for answers under way, a few seconds at most.
  ~OutsideWitnesses();

  // The checkpoints of the log `origin` that those of `policy`'s witnesses have that have a URL and
  // answer. Waits for each up to a few seconds.
  static std::vector<std::string> KeptBy(const transparency::Policy& policy,
                                         const std::string& origin);

  // To be called when requests may wait at the board: those of `policy`'s witnesses that have a URL
  // are posted there and their answers brought back. Returns at once.
  void Wake(const transparency::Policy& policy);

 private:
  struct Asker {
    std::string name, url;
    bool is_due = false;
    std::thread thread;
  };
  void Work(Asker* asker);
  bool AskOnce(const Asker& asker);

  CosignBoard* const board_;
  const std::function<void(const std::string&)> say_;
  absl::Mutex mutex_;
  std::map<std::string, std::unique_ptr<Asker>> askers_ ABSL_GUARDED_BY(mutex_);  // by name
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace mutual::coordinator
