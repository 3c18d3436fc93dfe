// One study's join window as a pure object: logged entries in, what is still wanted out.
//
//   scrutineers publish keys ─▶ nodes publish masks ─▶ scrutineers confirm ─▶ roster
//                                     └──── dispute ─▶ reveal ─▶ masks again ┘
//
// No clock, thread, file or network. The caller checks a submitted entry with Check, logs it,
// journals it as a MaskEvent and gives it to Take; replaying the events rebuilds the state. The
// order of the log decides, not that of Take: whoever reads the log comes to the same window. A
// scrutineer's first key counts if it stands before the first masks; masks count if they wrap a key
// for everybody whose key stands before them, and for nobody else.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "aggregation/masking/key_window.h"
#include "transparency/entry.h"

namespace mutual::coordinator {

// An entry of the window as it stands in the log, with what a node wrapped to the holders.
struct MaskEvent {
  uint64_t index = 0;
  std::string entry;  // signed bytes
  std::vector<aggregation::masking::WrappedKey> wrapped;
};
std::string Serialize(const MaskEvent& event);
absl::StatusOr<MaskEvent> ParseMaskEvent(std::string_view bytes);  // DATA_LOSS JOURNAL_CORRUPT

class KeyExchange {
 public:
  // INVALID_ARGUMENT THRESHOLD_INVALID.
  static absl::StatusOr<KeyExchange> Create(const aggregation::masking::KeyWindow& empty,
                                            std::vector<std::string> scrutineers);

  // Whether the entry may be logged now. PERMISSION_DENIED NOT_A_SCRUTINEER; FAILED_PRECONDITION
  // KEY_WINDOW_CLOSED (a key after the first masks) or KEYS_MISSING (masks before the keys);
  // INVALID_ARGUMENT MASKS_MALFORMED when commits or digests are not those of `wrapped`, or an
  // entry refers to what is not there.
  absl::Status Check(const transparency::Entry& entry,
                     const std::vector<aggregation::masking::WrappedKey>& wrapped) const;
  // Errors on bytes that are no entry. Twice the same index is taken once, but what was wrapped is
  // taken when it comes later than the entry: a node that is asked again draws the same masks, and
  // the log keeps the first entry.
  absl::Status Take(const MaskEvent& event);
  bool HasTaken(uint64_t index) const { return events_.count(index) > 0; }

  bool HasKeyOf(const std::string& scrutineer) const;
  bool HasAllKeys() const;
  // Enough keys for every class, see KeyWindow::Check.
  bool HasEnoughKeys() const { return window_.Check().ok(); }
  // Whether the node has published masks since it last revealed a key, and what it wrapped is here:
  // after a crash it may be lost.
  bool HasMasks(const std::string& node) const;
  // Every scrutineer present has confirmed the node's masks in force.
  bool IsConfirmed(const std::string& node) const;
  // A majority of the holders of every class has.
  bool IsUsable(const std::string& node) const;
  // Masks in force that `scrutineer` has neither confirmed nor disputed, by index.
  std::vector<uint64_t> ToConfirm(const std::string& scrutineer) const;
  // Disputes about the node's masks in force that it has not answered, by index. A scrutineer's
  // first one only.
  std::vector<uint64_t> ToReveal(const std::string& node) const;
  // What was wrapped for `scrutineer`. NOT_FOUND when there is no such masks entry.
  absl::StatusOr<std::vector<aggregation::masking::WrappedKey>> WrappedFor(
      uint64_t masks, const std::string& scrutineer) const;

 private:
  struct Masks {
    std::string node;
    std::set<std::string> confirmed_by, disputed_by;
  };
  struct Complaint {
    std::string scrutineer, node;
    uint64_t masks = 0;
    bool answered = false;
  };
  KeyExchange(const aggregation::masking::KeyWindow& window, std::vector<std::string> scrutineers)
      : window_(window), scrutineers_(std::move(scrutineers)) {}
  int NumberOf(const std::string& scrutineer) const;  // -1: none
  const Masks* InForce(const std::string& node) const;
  // Commits and digests are those of every class and present holder, in order.
  absl::Status CheckShape(const transparency::Entry& entry) const;
  absl::Status CheckMasks(const transparency::Entry& entry,
                          const std::vector<aggregation::masking::WrappedKey>& wrapped) const;
  absl::Status TakeNext(const MaskEvent& event);
  absl::Status TakeDispute(uint64_t index, const transparency::Entry& entry);

  aggregation::masking::KeyWindow window_;
  std::vector<std::string> scrutineers_;
  std::map<uint64_t, MaskEvent> events_;  // by index
  std::map<uint64_t, Masks> masks_;       // well-formed ones, by index
  std::map<std::string, uint64_t> in_force_;
  std::map<uint64_t, Complaint> complaints_;
};

}  // namespace mutual::coordinator
