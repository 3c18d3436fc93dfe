// The boxes that the discrete Gaussian sampler throws darts at.
//
//   1 ┌──┬──┐              Strip i covers x in [i·w, (i+1)·w), w = ⌈σ/16⌉. Its boxes, each
//     │  │  ├──┐           w wide and 2^-8 high, are stacked until they cover the bell there.
//     │  │  │  ├──┐        Boxes wholly under the bell need no comparison. From 5σ on one
//     │  │  │  │  ├──      more entry, of the same weight, stands for the whole tail.
//   0 └──┴──┴──┴──┴──▶ x
#pragma once

#include <cstdint>
#include <vector>

#include "privacy/words.h"

namespace mutual::privacy {

// Samples for one σ in [1, 2^28]. Immutable; safe to share between threads.
class BellBoxes {
 public:
  explicit BellBoxes(uint64_t stddev);
  uint64_t stddev() const { return stddev_; }
  int64_t Sample(Words& words) const;

 private:
  struct Throw {
    uint64_t x;
    bool is_hit;
  };
  Throw ThrowAtBoxes(uint16_t box, uint64_t word, Words& words) const;
  Throw ThrowAtTail(Words& words) const;
  uint64_t BelowWidth(uint64_t bits, Words& words) const;

  uint64_t stddev_;
  uint64_t width_;        // w
  uint64_t width_mask_;   // smallest 2^m − 1 >= w − 1
  uint64_t tail_start_;   // the first strip edge >= 5σ
  std::vector<uint16_t> boxes_;  // strip · 2^9 + level · 2 + (1 when wholly under the bell)
  uint32_t surplus_;      // 2^32 mod the number of boxes
};

}  // namespace mutual::privacy
