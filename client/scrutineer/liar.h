// Holders of a mask class who published another sum than the others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aggregation/masking/mask_classes.h"
#include "client/scrutineer/study_history.h"

namespace mutual::client {

// A scrutineer whose sum of one class a majority of its holders contradicts; one class is proof
// enough.
struct Liar {
  std::string name;
  uint64_t own_tally = 0, tally = 0;  // indices: of the scrutineer that looks, and of the liar
  uint64_t mask_class = 0;
};

// Who looks, and the study's threshold.
struct LookingScrutineer {
  std::string name;
  aggregation::masking::Threshold threshold;
};

// The liars of a round that the looking scrutineer can name, by its own tally and those that agree
// with it, and has not named in the log yet. Only tallies of the close that counts, one of each
// scrutineer: whoever repeats its tally has one voice.
std::vector<Liar> LiarsOf(const StudyHistory& history, uint64_t round,
                          const LookingScrutineer& looking);

}  // namespace mutual::client
