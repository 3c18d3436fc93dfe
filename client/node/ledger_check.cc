#include "client/node/ledger_check.h"

#include <map>
#include <set>
#include <utility>

#include "base/status.h"
#include "client/node/round_guard.h"
#include "transparency/signed_entry.h"

namespace mutual::client {
namespace {

using RoundName = std::pair<Digest, uint64_t>;

struct OpenedRound {
  transparency::StudyTerms terms;
  uint64_t index = 0;  // of its start in the log
  absl::Time charged_at;
  bool contributed = false;
};

absl::StatusOr<RoundName> NameOf(const transparency::Entry& entry) {
  MUTUAL_ASSIGN_OR_RETURN(const Digest study, entry.Hash("study"));
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t round, entry.Integer("round"));
  return RoundName{study, round};
}

bool IsOf(const transparency::Entry& entry, const std::string& node) {
  const absl::StatusOr<std::string> found = entry.Text("node");
  return found.ok() && *found == node;
}

// Reads entries in order and keeps the rounds that `node` answered, or was mandated to answer when
// they opened.
class RoundsOfNode {
 public:
  RoundsOfNode(std::string node, absl::Time now) : node_(std::move(node)), now_(now) {}

  absl::Status Read(uint64_t index, std::string_view bytes) {
    MUTUAL_ASSIGN_OR_RETURN(const auto signed_entry, transparency::ParseSignedEntry(bytes));
    const transparency::Entry& entry = signed_entry.entry;
    if (entry.type() == "mandate" && IsOf(entry, node_)) {
      MUTUAL_ASSIGN_OR_RETURN(const Digest study, entry.Hash("study"));
      mandates_.insert(study);
    } else if (entry.type() == "round-start") {
      return ReadStart(index, entry);
    } else if (entry.type() == "contribution" && IsOf(entry, node_)) {
      MUTUAL_ASSIGN_OR_RETURN(const RoundName name, NameOf(entry));
      const auto found = rounds_.find(name);
      if (found == rounds_.end()) return DataLoss("a contribution stands before its round's start");
      found->second.contributed = true;
      MUTUAL_ASSIGN_OR_RETURN(found->second.charged_at, entry.Time("time"));
    }
    return absl::OkStatus();
  }

  const std::map<RoundName, OpenedRound>& rounds() const { return rounds_; }

 private:
  absl::Status ReadStart(uint64_t index, const transparency::Entry& entry) {
    MUTUAL_ASSIGN_OR_RETURN(const RoundName name, NameOf(entry));
    if (mandates_.count(name.first) == 0) return absl::OkStatus();
    MUTUAL_ASSIGN_OR_RETURN(const auto terms, transparency::StudyTerms::Of(entry));
    rounds_[name] = {terms, index, now_, false};
    return absl::OkStatus();
  }

  const std::string node_;
  const absl::Time now_;
  std::set<Digest> mandates_;
  std::map<RoundName, OpenedRound> rounds_;
};

}  // namespace

absl::Status CheckAgainstLog(transparency::LogReader& log, const std::string& node,
                             Ledger& ledger) {
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t from, ledger.log_checked());
  const uint64_t size = log.tree().size;
  if (size < from) {
    return Unavailable(
        "the coordinator shows %d entries of the log, this node has seen %d; trying again", size,
        from);
  }
  uint64_t lost = 0;
  MUTUAL_RETURN_IF_ERROR(
      log.ForEach(from, size, [&](uint64_t, std::string_view bytes) -> absl::Status {
        MUTUAL_ASSIGN_OR_RETURN(const auto signed_entry, transparency::ParseSignedEntry(bytes));
        const transparency::Entry& entry = signed_entry.entry;
        if (entry.type() != "contribution" || !IsOf(entry, node)) return absl::OkStatus();
        MUTUAL_ASSIGN_OR_RETURN(const RoundName name, NameOf(entry));
        MUTUAL_ASSIGN_OR_RETURN(const bool charged, ledger.IsCharged(name.first, name.second));
        if (!charged) ++lost;
        return absl::OkStatus();
      }));
  if (lost == 0) return from == size ? absl::OkStatus() : ledger.CatchUp({}, size);
  return WithCode(
      DataLoss(
          "the log holds %d contributions of this node that its ledger has not charged: an old "
          "copy of "
          "the ledger was restored. Nothing is sent before they are charged: mutual-node catch-up",
          lost),
      "LEDGER_BEHIND_LOG");
}

absl::StatusOr<std::vector<LostRound>> FindLostRounds(transparency::LogReader& log,
                                                      const std::string& node, Ledger& ledger,
                                                      absl::Time now) {
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t from, ledger.log_checked());
  RoundsOfNode read(node, now);
  MUTUAL_RETURN_IF_ERROR(
      log.ForEach(0, log.tree().size,
                  [&](uint64_t index, std::string_view bytes) { return read.Read(index, bytes); }));
  std::vector<LostRound> lost;
  for (const auto& [name, round] : read.rounds()) {
    if (!round.contributed && round.index < from) continue;
    MUTUAL_ASSIGN_OR_RETURN(const bool charged, ledger.IsCharged(name.first, name.second));
    if (charged) continue;
    MUTUAL_ASSIGN_OR_RETURN(RoundCharge charge,
                            ChargeOf(round.terms, {name.first, name.second, round.charged_at}));
    lost.push_back({std::move(charge), round.contributed});
  }
  return lost;
}

}  // namespace mutual::client
