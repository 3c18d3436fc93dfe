// What a study costs its members in privacy, as the public numbers that study files and log entries
// share. privacy/study_phase.h makes figures of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace mutual {

struct StudyCost {
  double noise_multiplier = 0;  // z of every noised sum
  double sampling_rate = 0;     // q of every noised sum
  uint64_t rounds = 0;
  // How many noised sums a node makes in a round of which it sends only what it derived from them;
  // 0: it makes one and sends that.
  uint64_t local_steps = 0;

  // Of one node in all rounds; the largest number there is where the product has none.
  uint64_t noised_sums() const {
    const uint64_t each = std::max<uint64_t>(local_steps, 1);
    const uint64_t most = std::numeric_limits<uint64_t>::max();
    return rounds > most / each ? most : rounds * each;
  }
  StudyCost Over(uint64_t other_rounds) const {
    StudyCost cost = *this;
    cost.rounds = other_rounds;
    return cost;
  }
};

}  // namespace mutual
