#include "client/scrutineer/study_history.h"

#include <algorithm>
#include <limits>

namespace mutual::client {

bool StudyHistory::IsRevealed(const PublishedMasks& one) const {
  return std::any_of(disputes.begin(), disputes.end(), [&](const PublishedDispute& dispute) {
    return dispute.by == one.node && dispute.ephemeral &&
           std::find(dispute.entries.begin(), dispute.entries.end(), one.index) !=
               dispute.entries.end();
  });
}

bool StudyHistory::IsDisputed(uint64_t index, const std::string& scrutineer) const {
  return std::any_of(disputes.begin(), disputes.end(), [&](const PublishedDispute& one) {
    return one.by == scrutineer && !one.ephemeral && one.round == 0 &&
           std::find(one.entries.begin(), one.entries.end(), index) != one.entries.end();
  });
}

uint64_t StudyHistory::FirstStart() const {
  uint64_t first = std::numeric_limits<uint64_t>::max();
  for (const auto& [number, round] : rounds) {
    if (round.start > 0) first = std::min(first, round.start);
  }
  return first;
}

bool StudyHistory::HasBegun() const { return FirstStart() < std::numeric_limits<uint64_t>::max(); }

const PublishedKey* StudyHistory::KeyOf(const std::string& scrutineer, uint64_t before) const {
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const PublishedKey& one) {
    return one.node == scrutineer && one.index < before;
  });
  return found == keys.end() ? nullptr : &*found;
}

bool StudyHistory::HasEnded(absl::Time now) const {
  if (is_broken_off || (expires && now > *expires)) return true;
  const auto last = last_round ? rounds.find(*last_round) : rounds.end();
  return last != rounds.end() && last->second.release > 0;
}

}  // namespace mutual::client
