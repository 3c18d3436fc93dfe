#include "privacy/bell_boxes.h"

#include <bit>

#include "privacy/bell.h"

namespace mutual::privacy {
namespace {

constexpr int kHeightBits = 8;            // a box is 2^-8 high
constexpr uint64_t kStripsPerStddev = 16;
constexpr int kStripShift = 9;
constexpr uint16_t kTail = 0xffff;        // strips are at most 81
constexpr int kUnitShift = 63 - kHeightBits;  // a box's height in BellHeight's units is 2^55

}  // namespace

BellBoxes::BellBoxes(uint64_t stddev)
    : stddev_(stddev), width_((stddev + kStripsPerStddev - 1) / kStripsPerStddev) {
  width_mask_ = std::bit_ceil(width_) - 1;
  const uint64_t strips = (5 * stddev + width_ - 1) / width_;
  tail_start_ = strips * width_;
  uint64_t left = uint64_t{1} << 63;
  for (uint64_t strip = 0; strip < strips; ++strip) {
    // Bounds of the bell within the strip: its height at the left edge from above, at the next
    // strip's edge from below.
    const uint64_t bell = BellHeight(BellExponent((strip + 1) * width_, stddev));
    const uint64_t right = bell > kBellSlack ? bell - kBellSlack : 0;
    for (uint64_t level = 0; level << kUnitShift < left; ++level) {
      const uint64_t is_under = (level + 1) << kUnitShift <= right ? 1 : 0;
      boxes_.push_back(static_cast<uint16_t>(strip << kStripShift | level << 1 | is_under));
    }
    left = bell + kBellSlack;
  }
  boxes_.push_back(kTail);
  const auto count = static_cast<uint32_t>(boxes_.size());
  surplus_ = (0 - count) % count;
}

// A word gives the box (upper 32 bits, multiplied down without bias: Lemire 2019), the sign
// (bit 0) and the place within the strip (bits 1 to 24).
int64_t BellBoxes::Sample(Words& words) const {
  while (true) {
    const uint64_t word = words.Next();
    const uint64_t product = (word >> 32) * boxes_.size();
    if (static_cast<uint32_t>(product) < surplus_) continue;
    const uint16_t box = boxes_[product >> 32];
    const Throw thrown = box == kTail ? ThrowAtTail(words) : ThrowAtBoxes(box, word, words);
    const bool is_negative = (word & 1) != 0;
    if (!thrown.is_hit || (is_negative && thrown.x == 0)) continue;  // zero has one sign
    const auto magnitude = static_cast<int64_t>(thrown.x);
    return is_negative ? -magnitude : magnitude;
  }
}

BellBoxes::Throw BellBoxes::ThrowAtBoxes(uint16_t box, uint64_t word, Words& words) const {
  const uint64_t x = (box >> kStripShift) * width_ + BelowWidth(word >> 1, words);
  if ((box & 1) != 0) return {x, true};
  const uint64_t level = box >> 1 & ((1U << kHeightBits) - 1);
  const Dart dart{level, kHeightBits, words.Next()};
  return {x, IsUnderBell(dart, BellExponent(x, stddev_), words)};
}

// Block j >= 0 of the tail, 16w >= σ wide, has probability 2^-(j+1): so a box's weight w·2^-8 lies
// over its points at height 2^-(13+j), which is above exp(−(5+j)²/2), the bell's height there.
BellBoxes::Throw BellBoxes::ThrowAtTail(Words& words) const {
  uint64_t block = 0;
  uint64_t coins = words.Next();
  while (coins == 0) {
    block += 64;
    coins = words.Next();
  }
  block += static_cast<uint64_t>(std::countr_zero(coins));
  const uint64_t x = tail_start_ + block * kStripsPerStddev * width_ +
                     words.Below(kStripsPerStddev * width_);
  const Dart dart{0, static_cast<int>(block) + 13, words.Next()};
  return {x, IsUnderBell(dart, BellExponent(x, stddev_), words)};
}

uint64_t BellBoxes::BelowWidth(uint64_t bits, Words& words) const {
  uint64_t place = bits & width_mask_;
  while (place >= width_) place = words.Next() & width_mask_;
  return place;
}

}  // namespace mutual::privacy
