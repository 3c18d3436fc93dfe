// Replays the rules of the log over its entries, in the order of their indices.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/audit/finding.h"
#include "tools/audit/history.h"
#include "tools/audit/rules.h"
#include "transparency/compact_range.h"

namespace mutual::audit {

// Memory: the history, 32 bytes an entry to find repeated ones, and 2 MB of recent roots. Not
// thread-safe.
class Replayer {
 public:
  // The head of a verified earlier tree.
  using HeadAt = std::function<absl::StatusOr<transparency::TreeHead>(uint64_t size)>;
  // `findings` outlives the replayer.
  Replayer(std::string origin, HeadAt head_at, Findings* findings);

  // The next entry; the first has the index 0.
  void Take(std::string_view bytes);
  // Reports what is known only at the end, and a pass for every rule that held.
  void Finish();

  History& history() { return history_; }
  const transparency::CompactRange& tree() const { return tree_; }
  EpsilonCache& epsilons() { return epsilons_; }
  static const std::vector<std::string_view>& Rules();

 private:
  static constexpr size_t kKeptRoots = 65536;
  bool CheckFresh(const Digest& leaf, uint64_t index);
  void CheckSeen(const Located& at);
  void Replay(const Located& at);
  void TakeParsed(uint64_t index, const transparency::SignedEntry& entry);
  absl::StatusOr<Digest> RootAt(uint64_t size);

  HeadAt head_at_;
  Findings* findings_;
  History history_;
  EpsilonCache epsilons_;
  transparency::CompactRange tree_;
  std::deque<Digest> roots_;  // of the sizes up to tree_.size()
  struct HashOfDigest {
    size_t operator()(const Digest& digest) const;
  };
  std::unordered_set<Digest, HashOfDigest> leaves_;
};

}  // namespace mutual::audit
