#include "client/scrutineer/study_history.h"

#include <algorithm>
#include <limits>

namespace mutual::client {

const PublishedMasks* StudyHistory::MasksOf(const std::string& node, uint64_t before) const {
  const PublishedMasks* found = nullptr;
  for (const PublishedMasks& one : masks) {
    if (one.node == node && one.index < before) found = &one;
  }
  return found;
}

bool StudyHistory::IsRevealed(const PublishedMasks& one) const {
  return std::any_of(disputes.begin(), disputes.end(), [&](const PublishedDispute& dispute) {
    return dispute.by == one.node && dispute.ephemeral &&
           std::find(dispute.entries.begin(), dispute.entries.end(), one.index) !=
               dispute.entries.end();
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

const PublishedKey* StudyHistory::KeyOf(const std::string& scrutineer) const {
  const uint64_t before =
      masks.empty() ? std::numeric_limits<uint64_t>::max() : masks.front().index;
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const PublishedKey& one) {
    return one.node == scrutineer && one.index < before;
  });
  return found == keys.end() ? nullptr : &*found;
}

}  // namespace mutual::client
