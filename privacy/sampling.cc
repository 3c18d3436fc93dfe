#include "privacy/sampling.h"

#include <algorithm>
#include <cmath>

#include "absl/container/flat_hash_set.h"
#include "base/status.h"
#include "privacy/words.h"

namespace mutual::privacy {
namespace {

// True with probability exactly `rate` < 1: a uniform real, 64 binary digits at a time, is
// compared with the digits of `rate`. More than one word is needed with probability 2^−64
// or less. All operations on `rate` are exact: scaling by 2^64, integer part, remainder.
bool Flip(double rate, Words& words) {
  for (;;) {
    rate = std::ldexp(rate, 64);
    const double whole = std::floor(rate);
    const uint64_t digits = static_cast<uint64_t>(whole);
    const uint64_t uniform = words.Next();
    if (uniform != digits) return uniform < digits;
    rate -= whole;
    if (rate == 0) return false;
  }
}

}  // namespace

absl::StatusOr<std::vector<bool>> SampleSlots(uint64_t slot_count, double rate,
                                              crypto::RandomSource& random) {
  if (!(rate > 0 && rate <= 1)) {
    return InvalidArgument("the sampling rate is %g, want more than 0 and at most 1", rate);
  }
  std::vector<bool> chosen(slot_count, true);
  if (rate == 1) return chosen;
  Words words(random);
  for (uint64_t slot = 0; slot < slot_count; ++slot) chosen[slot] = Flip(rate, words);
  return chosen;
}

std::vector<uint64_t> SampleWithoutReplacement(uint64_t population, uint64_t count,
                                               crypto::RandomSource& random) {
  Words words(random);
  const uint64_t wanted = std::min(population, count);
  absl::flat_hash_set<uint64_t> chosen;
  // Floyd's algorithm: every subset of the size wanted is equally likely.
  for (uint64_t top = population - wanted; top < population; ++top) {
    const uint64_t index = words.Below(top + 1);
    chosen.insert(chosen.contains(index) ? top : index);
  }
  std::vector<uint64_t> indices(chosen.begin(), chosen.end());
  std::sort(indices.begin(), indices.end());
  return indices;
}

}  // namespace mutual::privacy
