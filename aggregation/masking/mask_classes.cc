#include "aggregation/masking/mask_classes.h"

#include <algorithm>

#include "base/status.h"

namespace mutual::aggregation::masking {
namespace {

// The next ascending list of numbers below `limit` in lexicographic order; false after the last.
bool NextSubset(uint32_t limit, std::vector<uint32_t>* subset) {
  const size_t size = subset->size();
  for (size_t i = size; i-- > 0;) {
    if ((*subset)[i] + (size - i) >= limit) continue;
    ++(*subset)[i];
    for (size_t j = i + 1; j < size; ++j) (*subset)[j] = (*subset)[j - 1] + 1;
    return true;
  }
  return false;
}

std::vector<uint32_t> Complement(uint32_t limit, const std::vector<uint32_t>& subset) {
  std::vector<uint32_t> rest;
  for (uint32_t j = 0; j < limit; ++j) {
    if (!std::binary_search(subset.begin(), subset.end(), j)) rest.push_back(j);
  }
  return rest;
}

}  // namespace

absl::StatusOr<MaskClasses> MaskClasses::Create(const Threshold& threshold) {
  const uint32_t m = threshold.scrutineers, t = threshold.threshold;
  if (m < 2 || m > 7 || t < 2 || t > m) {
    return WithCode(InvalidArgument("%u scrutineers with threshold %u, want 2 to 7 scrutineers and "
                                    "a threshold from 2 to their number; change the study file",
                                    m, t),
                    "THRESHOLD_INVALID");
  }
  std::vector<uint32_t> excluded(t - 1);
  for (uint32_t i = 0; i < t - 1; ++i) excluded[i] = i;
  std::vector<std::vector<uint32_t>> holders;
  do {
    holders.push_back(Complement(m, excluded));
  } while (NextSubset(m, &excluded));
  return MaskClasses(threshold, std::move(holders));
}

bool MaskClasses::Holds(uint32_t scrutineer, uint32_t mask_class) const {
  if (mask_class >= size()) return false;
  const std::vector<uint32_t>& holders = holders_[mask_class];
  return std::binary_search(holders.begin(), holders.end(), scrutineer);
}

std::vector<uint32_t> MaskClasses::ClassesOf(uint32_t scrutineer) const {
  std::vector<uint32_t> classes;
  for (uint32_t c = 0; c < size(); ++c) {
    if (Holds(scrutineer, c)) classes.push_back(c);
  }
  return classes;
}

bool MaskClasses::Cover(std::span<const uint32_t> scrutineers) const {
  for (uint32_t c = 0; c < size(); ++c) {
    const bool held = std::any_of(scrutineers.begin(), scrutineers.end(),
                                  [&](uint32_t j) { return Holds(j, c); });
    if (!held) return false;
  }
  return true;
}

}  // namespace mutual::aggregation::masking
