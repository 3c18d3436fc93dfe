// How long the files of finished rounds are kept for replays. Their digests stay in the log for
// ever.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ids.h"
#include "coordinator/storage/content_store.h"

namespace mutual::coordinator {

struct RetentionLimits {
  // Newest finished rounds, of all studies together, whose files are kept. Nothing: as many as fit
  // into `bytes`, and always the newest.
  std::optional<uint64_t> rounds;
  uint64_t bytes = 2'000'000'000;
};

// Masked vectors and class sums of one round that is over.
struct KeptRound {
  Digest study;
  uint64_t round = 0;
  std::vector<Digest> files;
};

// Remembers, durably, which files belong to which finished round, and deletes those of the oldest
// rounds beyond its limits. A file that a kept round names too stays. Thread-safe.
class Retention {
 public:
  struct Total {
    uint64_t rounds = 0, bytes = 0;
    bool operator==(const Total&) const = default;
  };
  virtual ~Retention() = default;
  // `path` is an SQLite file, made when it is missing; `store` outlives the object. UNAVAILABLE
  // when it cannot be used; DATA_LOSS JOURNAL_CORRUPT when it is damaged.
  static absl::StatusOr<std::unique_ptr<Retention>> Open(const std::string& path,
                                                         const RetentionLimits& limits,
                                                         ContentStore* store);
  // The round is over: its files are counted, and the oldest beyond the limits deleted. The same
  // round again changes nothing. Files that are gone already are not counted.
  virtual absl::Status Keep(const KeptRound& round) = 0;
  virtual absl::StatusOr<Total> Kept() = 0;
};

}  // namespace mutual::coordinator
