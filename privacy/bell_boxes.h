// The boxes that the discrete Gaussian sampler throws darts at.
//
//   1 ┌──┬──┐              Strip i covers x in [i·w, (i+1)·w), w = ⌈σ/32⌉. Its boxes, each
//     │  │  ├──┐           w wide and 2^-8 high, are stacked until they cover the bell there.
//     │  │  │  ├──┐        Boxes wholly under the bell need no comparison. From 5σ on one
//     │  │  │  │  ├──      more entry, of the same weight, stands for the whole tail.
//   0 └──┴──┴──┴──┴──▶ x
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "privacy/bell.h"
#include "privacy/words.h"

namespace mutual::privacy {

// Samples for one σ in [1, 2^28]. Immutable; safe to share between threads.
class BellBoxes {
 public:
  explicit BellBoxes(uint64_t stddev);
  uint64_t stddev() const { return stddev_; }
  int64_t Sample(Words& words) const;
  // Adds a sample to each value, in blocks: most darts are decided without a branch.
  void AddSamples(Words& words, std::span<int64_t> values) const;

 private:
  struct Throw {
    uint64_t x;
    bool is_hit;
  };
  std::optional<int64_t> Finish(uint64_t word, Words& words) const;
  int64_t SampleFrom(uint64_t word, Words& words) const;
  size_t AddSure(std::span<const uint64_t> block, std::span<int64_t> values,
                 std::span<uint16_t> open) const;
  Throw ThrowAtBox(uint32_t box, uint64_t word, Words& words) const;
  Throw ThrowAtTail(Words& words) const;
  uint64_t BelowWidth(uint64_t bits, Words& words) const;

  uint64_t stddev_;
  uint64_t width_;               // w
  uint64_t width_mask_;          // smallest 2^m − 1 >= w − 1
  uint64_t tail_start_;          // the first strip edge >= 5σ
  std::vector<uint16_t> boxes_;  // strip · 2 + (1 when wholly under the bell); the last is the tail
  struct Strip {
    uint32_t first_box;  // its lowest
    BellLine line;
  };
  std::vector<Strip> strips_;
  uint32_t surplus_;  // 2^32 mod the number of boxes
};

}  // namespace mutual::privacy
