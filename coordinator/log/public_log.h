// The federation's log as the coordinator writes it: entries before their effects, each once.
//
// One thread owns the writer and appends what waits, up to 256 entries a batch; callers wait until
// their entry is published under a quorum of cosignatures. An entry has a key made of its content
// (type, study, round, node), and a key is appended once for ever: who asks again gets what stands
// in the log, after a crash too.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "coordinator/log/cosign_board.h"
#include "crypto/signing_key.h"
#include "transparency/log.h"
#include "transparency/log_reader.h"
#include "transparency/policy.h"
#include "transparency/signed_entry.h"

namespace mutual::coordinator {

// An entry that stands in the published log.
struct LoggedEntry {
  uint64_t index = 0;
  std::string bytes;
  std::string
      checkpoint;  // of AppendFor: the one that it was published with, empty after a restart
};

// Thread-safe.
class PublicLog {
 public:
  struct Options {
    std::filesystem::path folder;  // "public" (served as it is) and "state" are made inside
    std::string origin;
    const crypto::SigningKey* key;        // signs checkpoints; outlives the log, as all below
    const crypto::SigningKey* entry_key;  // signs the coordinator's entries
    std::string title;                    // of a new log's genesis
    std::string rules;                    // the rulebook's bytes; genesis has their SHA-256
    const Clock* clock;
    CosignBoard* board;
    std::function<void(const std::string&)> say;
    absl::Duration patience = absl::Seconds(20);  // of a caller of Append
    absl::Duration idle = absl::Minutes(10);      // after it, witnesses are asked for newer times
    std::filesystem::path served = {};            // in place of folder/"public"
  };
  // Checkpoints of this log that outside witnesses of the policy keep, as they answer.
  using KeptElsewhere = std::function<std::vector<std::string>(const transparency::Policy&)>;

  // Opens or begins the log. Errors as of transparency::Log::Open; DATA_LOSS STORAGE_ROLLED_BACK
  // also when a checkpoint that is kept elsewhere is ahead of it. Nothing is appended before a
  // quorum of witnesses has cosigned what was published last: one that has seen more says so.
  static absl::StatusOr<std::unique_ptr<PublicLog>> Open(
      Options options, const KeptElsewhere& kept_elsewhere = nullptr);
  ~PublicLog();

  // Signs with the coordinator's key.
  absl::StatusOr<transparency::SignedEntry> Sign(const transparency::Entry& entry) const;
  // Waits until the entry, or the one with its key that was first, is published. UNAVAILABLE
  // NO_QUORUM when that takes longer than the patience: ask again. Other errors: the log has
  // stopped.
  absl::StatusOr<LoggedEntry> Append(const transparency::SignedEntry& entry);
  // The same, with the cosignatures of `wanted` beside the quorum's if they can be had.
  absl::StatusOr<LoggedEntry> AppendFor(const transparency::SignedEntry& entry,
                                        const WantedWitnesses& wanted);
  // The scrutineer, masks, keys-ok and dispute entries of a study that are `wanted`, in order.
  absl::StatusOr<std::vector<LoggedEntry>> MaskEntries(
      const Digest& study, const std::function<bool(uint64_t index)>& wanted);
  // Has the newest checkpoint cosigned again, by `wanted` too if they are there. Does not wait.
  void Recosign(const WantedWitnesses& wanted);
  std::optional<LoggedEntry> Find(const std::string& key);
  // Whether an entry with the key that `entry` has is published.
  bool Has(const transparency::Entry& entry) { return IsPublished(KeyOf(entry)); }
  // Like Find with the key that `entry` has.
  std::optional<LoggedEntry> FindSame(const transparency::Entry& entry);

  // A receipt (tlog-proof with the entry in it) for a published index. INVALID_ARGUMENT beyond.
  absl::StatusOr<std::string> Receipt(uint64_t index);
  // Of the newest policy entry; NOT_FOUND before there is one.
  absl::StatusOr<std::string> PolicyReceipt();
  // SHA-256 in hex that the newest software entry of `subject` ("coordinator", "node/<name>",
  // "researcher/<name>") gives for `program`; empty when there is none.
  std::string DeclaredSoftware(const std::string& subject, const std::string& program);
  // Takes a checkpoint that somebody says this log has shown; without this log's signature it
  // counts for nothing. One that is ahead of this log, or of another tree, stops the log:
  // STORAGE_ROLLED_BACK. Does not wait.
  void Heed(const std::string& checkpoint);
  // OK until a write failed: then the program must end and be started again.
  absl::Status status();
  std::string checkpoint();  // newest published
  transparency::Policy policy();
  bool has_quorum_rule() { return policy().quorum() != "none"; }
  const std::string& origin() const { return options_.origin; }
  std::filesystem::path served_folder() const {
    return options_.served.empty() ? options_.folder / "public" : options_.served;
  }

  static std::string KeyOf(const transparency::Entry& entry);

 private:
  struct Published {
    transparency::TreeHead head;
    std::string checkpoint;
  };
  // The policy's receipt under a checkpoint: every node asks for it in every round.
  struct PolicyShown {
    uint64_t index = 0;
    std::string checkpoint, receipt;
  };
  using ReadCall = std::function<absl::Status(transparency::LogReader&, const Published&)>;

  explicit PublicLog(Options options) : options_(std::move(options)) {}
  absl::Status Read(const ReadCall& read);
  bool IsPublished(const std::string& key);
  absl::Status AwaitPublished(const std::string& key);
  // After something was published, broke or is stopping; without mutex_.
  void WakeWaiting() {
    const std::lock_guard<std::mutex> lock(wait_mutex_);
    published_event_.notify_all();
  }
  absl::Status Begin();
  absl::Status WriteGenesis();
  absl::Status CheckKeptElsewhere(const KeptElsewhere& kept_elsewhere);
  absl::Status CheckAgainst(const transparency::TreeHead& elsewhere);
  absl::Status CheckHeeded();
  absl::Status Settle();
  bool IsStopping();
  absl::Status Index(uint64_t first, const std::vector<std::string>& entries);
  absl::Status ReadAll();
  bool HasCrowd() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WaitForCompany();
  std::vector<std::string> TakeBatch() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status RecosignWhenIdle();
  void Work();
  absl::Status AppendBatch(const std::vector<std::string>& batch);

  const Options options_;
  std::unique_ptr<transparency::NoteSigner> signer_;        // of checkpoints, named by the origin
  std::unique_ptr<transparency::NoteSigner> entry_signer_;  // "coordinator"
  std::unique_ptr<transparency::Log> log_;                  // the worker's after Open

  absl::Mutex mutex_;
  std::deque<std::string> waiting_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, WantedWitnesses> wanted_ ABSL_GUARDED_BY(mutex_);  // by key of what waits
  std::map<std::string, std::string> wanted_checkpoints_
      ABSL_GUARDED_BY(mutex_);                                            // not yet fetched
  std::optional<WantedWitnesses> recosign_ ABSL_GUARDED_BY(mutex_);       // asked for, not yet done
  std::optional<transparency::TreeHead> heeded_ ABSL_GUARDED_BY(mutex_);  // the largest, unchecked
  std::map<std::string, WantedWitnesses> wanted_now_;  // of the batch, by key; the worker's
  std::map<std::string, std::string> pending_
      ABSL_GUARDED_BY(mutex_);  // key -> bytes, not published
  std::map<std::string, uint64_t> published_ ABSL_GUARDED_BY(mutex_);    // key -> index
  std::map<std::string, std::string> software_ ABSL_GUARDED_BY(mutex_);  // subject/program -> hex
  std::map<std::string, std::vector<uint64_t>> mask_entries_ ABSL_GUARDED_BY(mutex_);  // by study
  std::string checkpoint_ ABSL_GUARDED_BY(mutex_);
  transparency::TreeHead head_ ABSL_GUARDED_BY(mutex_);
  std::optional<transparency::Policy> policy_ ABSL_GUARDED_BY(mutex_);
  uint64_t policy_index_ ABSL_GUARDED_BY(mutex_) = 0;  // 0: genesis
  PolicyShown policy_shown_ ABSL_GUARDED_BY(mutex_);
  absl::Mutex reader_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  std::unique_ptr<transparency::LogReader> reader_ ABSL_GUARDED_BY(reader_mutex_);
  absl::Time cosigned_;  // when the witnesses were asked last; the worker's after Open
  absl::Status broken_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::mutex wait_mutex_;  // taken before mutex_, guards nothing but the event
  std::condition_variable published_event_;
  std::thread worker_;
};

}  // namespace mutual::coordinator
