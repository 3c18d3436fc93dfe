// Which scrutineers hold which masks: replicated secret sharing (Ito, Saito, Nishizeki 1987).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace mutual::aggregation::masking {

// How many scrutineers there are and how many of them can unmask together.
struct Threshold {
  uint32_t scrutineers = 4;  // m, 2 to 7
  uint32_t threshold = 2;    // t, 2 to m: any t can unmask, t − 1 cannot
  bool operator==(const Threshold&) const = default;
};

// For every set T of t − 1 scrutineers one class of masks, held by the m − t + 1 scrutineers not in
// T. There are K = C(m, t − 1) classes, numbered from 0 in lexicographic order of the ascending
// members of T. Any t scrutineers hold every class; any t − 1 miss exactly the class of their own
// T. Scrutineers are numbered from 0 in the order of the study file. Immutable; safe to share.
class MaskClasses {
 public:
  // INVALID_ARGUMENT with code THRESHOLD_INVALID unless 2 ≤ m ≤ 7 and 2 ≤ t ≤ m.
  static absl::StatusOr<MaskClasses> Create(const Threshold& threshold);

  const Threshold& threshold() const { return threshold_; }
  uint32_t size() const { return static_cast<uint32_t>(holders_.size()); }  // K
  uint32_t holders_per_class() const { return threshold_.scrutineers - threshold_.threshold + 1; }

  // Ascending scrutineer numbers. `mask_class` < size().
  const std::vector<uint32_t>& Holders(uint32_t mask_class) const { return holders_[mask_class]; }
  // False, too, when either number is out of range.
  bool Holds(uint32_t scrutineer, uint32_t mask_class) const;
  // Ascending class numbers that `scrutineer` holds.
  std::vector<uint32_t> ClassesOf(uint32_t scrutineer) const;
  // Whether `scrutineers` (any order, repeats allowed) hold every class between them.
  bool Cover(std::span<const uint32_t> scrutineers) const;

 private:
  MaskClasses(const Threshold& threshold, std::vector<std::vector<uint32_t>> holders)
      : threshold_(threshold), holders_(std::move(holders)) {}
  Threshold threshold_;
  std::vector<std::vector<uint32_t>> holders_;
};

}  // namespace mutual::aggregation::masking
