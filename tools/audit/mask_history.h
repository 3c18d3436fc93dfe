// What the log has said about the masks of one study: who holds keys, whose keys were confirmed,
// who was caught lying. Plain data, filled by the rules in the order of the entries.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "aggregation/masking/dispute.h"
#include "aggregation/masking/key_window.h"
#include "base/ids.h"

namespace mutual::audit {

// One `masks` entry whose shape was right.
struct LoggedMasks {
  std::string node;
  uint64_t window = 0;
  aggregation::masking::MaskCommitments commitments;
  std::set<std::string> confirmed_by;  // scrutineers whose keys-ok names it
  bool is_disputed = false;
  bool is_revealed = false;  // a dispute made one of its keys public: it protects nothing any more
};

// A scrutineer's complaint about a node's key, and what came of it.
struct LoggedDispute {
  std::string scrutineer, node, code;
  uint64_t masks = 0;  // index
  uint32_t mask_class = 0;
  std::optional<uint64_t> answer;  // index of the node's reveal
  std::optional<aggregation::masking::Verdict> verdict;
};

struct MaskHistory {
  std::vector<std::string> scrutineers;  // in the order of the proposal, which numbers them
  uint64_t threshold = 0;
  // Nothing for a study without masks, or whose numbers make none.
  std::optional<aggregation::masking::MaskClasses> classes;
  uint64_t bound_checked = 0;  // index of the policy against which the colluders were counted
  // X25519 keys by scrutineer, those published before the window's first masks.
  std::map<uint64_t, std::map<std::string, Digest>> windows;
  bool keys_closed = false;                    // the first masks came: later keys are void
  std::map<uint64_t, LoggedMasks> masks;       // by index
  std::map<std::string, uint64_t> in_force;    // a node's newest masks
  std::map<uint64_t, LoggedDispute> disputes;  // by index
  std::map<std::string, uint64_t> tallied;     // rounds, by scrutineer
  std::set<std::string> outvoted;              // for people: "north in class 2 of round 3"
  std::vector<std::string> confirmed;  // nodes in the order in which their last keys-ok came

  bool is_masked() const { return classes.has_value(); }
  // The number of a scrutineer of the study.
  std::optional<uint32_t> NumberOf(const std::string& name) const;
  // The names of the holders of a class.
  std::vector<std::string> HoldersOf(uint32_t mask_class) const;
  // Whether a majority of each class's holders has confirmed the node's masks in force, so that
  // every class sum can be agreed on (docs/MASKING.md).
  bool IsConfirmed(const std::string& node) const;
  // The public facts of a window, with a zero key for each scrutineer that published none in time.
  // INVALID_ARGUMENT when so many are missing that a class has no majority.
  absl::StatusOr<aggregation::masking::KeyWindow> WindowOf(uint64_t window,
                                                           const std::string& origin,
                                                           const Digest& study) const;
};

}  // namespace mutual::audit
