#include "client/scrutineer/liar.h"

#include <algorithm>

#include "aggregation/masking/trust_bound.h"

namespace mutual::client {
namespace {

using transparency::ClassHash;

bool Says(const PublishedTally& tally, const ClassHash& sum) {
  return std::find(tally.sums.begin(), tally.sums.end(), sum) != tally.sums.end();
}

bool Contradicts(const PublishedTally& tally, const ClassHash& sum) {
  return std::any_of(tally.sums.begin(), tally.sums.end(), [&](const ClassHash& theirs) {
    return theirs.mask_class == sum.mask_class && theirs.hash != sum.hash;
  });
}

bool IsNamed(const StudyHistory& history, uint64_t round, const std::string& by,
             const std::string& about) {
  return std::any_of(history.disputes.begin(), history.disputes.end(),
                     [&](const PublishedDispute& one) {
                       return one.round == round && one.by == by && one.about == about;
                     });
}

}  // namespace

std::vector<Liar> LiarsOf(const StudyHistory& history, uint64_t number,
                          const LookingScrutineer& looking) {
  const auto round = history.rounds.find(number);
  if (round == history.rounds.end() || round->second.ends.empty()) return {};
  std::vector<PublishedTally> tallies;
  for (const PublishedTally& one : round->second.tallies) {
    if (one.close == round->second.ends[0].index) tallies.push_back(one);
  }
  const auto own = std::find_if(tallies.begin(), tallies.end(), [&](const PublishedTally& one) {
    return one.node == looking.name;
  });
  if (own == tallies.end()) return {};
  std::vector<Liar> liars;
  for (const PublishedTally& other : tallies) {
    for (const ClassHash& mine : own->sums) {
      const auto agree = std::count_if(tallies.begin(), tallies.end(),
                                       [&](const PublishedTally& one) { return Says(one, mine); });
      if (static_cast<uint32_t>(agree) < aggregation::masking::HolderMajority(looking.threshold) ||
          !Contradicts(other, mine) || IsNamed(history, number, looking.name, other.node)) {
        continue;
      }
      liars.push_back({other.node, own->index, other.index, mine.mask_class});
      break;
    }
  }
  return liars;
}

}  // namespace mutual::client
