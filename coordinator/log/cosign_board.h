// Where the log's writer and the nodes' connections meet: checkpoints wait here for cosignatures.
//
// The writer posts one checkpoint at a time and waits; every connected witness takes its request
// from here and brings back its answer. Bytes are those of C2SP tlog-witness
// (transparency/witness_request.h).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "transparency/log.h"
#include "transparency/policy.h"
#include "transparency/witness_request.h"

namespace mutual::coordinator {

// Witnesses whose cosignatures are wanted beside the quorum: scrutineers act on a close only when
// enough of them have cosigned it.
struct WantedWitnesses {
  std::vector<std::string> names;
  size_t count = 0;  // of them
};

// Thread-safe; Collect by one thread at a time.
class CosignBoard {
 public:
  // `wake` is called, without the lock, when a new request waits for witnesses.
  explicit CosignBoard(std::function<void()> wake) : wake_(std::move(wake)) {}

  // Posts the request to the witnesses of `policy` and returns their signature lines as soon as
  // they reach its quorum and `wanted`; without some of those after two seconds more. UNAVAILABLE
  // when they do not within `timeout`; DATA_LOSS STORAGE_ROLLED_BACK when a witness has cosigned a
  // larger tree than this log has.
  absl::StatusOr<std::vector<std::string>> Collect(const transparency::CosignRequest& request,
                                                   const transparency::Policy& policy,
                                                   absl::Duration timeout,
                                                   const std::vector<WantedWitnesses>& wanted);

  // The bytes that the witness `name` is to answer, once each; nothing when nothing waits for it.
  std::optional<std::string> RequestFor(const std::string& name);
  // After a witness has reconnected: what it was asked before, it is asked again.
  void Reconnected(const std::string& name);
  // Takes a witness's answer; late or unasked ones are ignored.
  void TakeAnswer(const std::string& name, const transparency::WitnessAnswer& answer);

 private:
  struct Place {
    uint64_t old_size = 0;            // what the witness cosigned last, as far as known
    std::optional<std::string> body;  // waits to be taken
    std::string asked;                // was taken, not yet answered
    bool is_stale = false;            // answered 409: needs a proof from old_size
  };
  absl::Status Post(const transparency::CosignRequest& request, Place* place);
  absl::StatusOr<bool> Refresh(const transparency::CosignRequest& request);
  bool HasQuorum() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasWanted(const std::vector<WantedWitnesses>& wanted) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::function<void()> wake_;
  absl::Mutex mutex_;
  std::map<std::string, Place> places_ ABSL_GUARDED_BY(mutex_);
  const transparency::Policy* policy_ ABSL_GUARDED_BY(mutex_) = nullptr;  // while collecting
  transparency::Note note_ ABSL_GUARDED_BY(mutex_);                       // of the checkpoint
  uint64_t size_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> cosigned_ ABSL_GUARDED_BY(mutex_);  // names
  bool has_stale_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_rolled_back_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace mutual::coordinator
