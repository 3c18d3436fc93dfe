#include "privacy/bell_boxes.h"

#include <algorithm>
#include <array>
#include <bit>

#include "privacy/bell.h"

namespace mutual::privacy {
namespace {

constexpr int kHeightBits = 8;  // a box is 2^-8 high
constexpr uint64_t kStripsPerStddev = 32;
constexpr int kTailHeightBits = 1 + kHeightBits + std::countr_zero(kStripsPerStddev);
constexpr int kUnitShift = 63 - kHeightBits;  // a box's height in BellHeight's units is 2^55
constexpr size_t kBlock = 256;

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
    strips_.push_back(
        {static_cast<uint32_t>(boxes_.size()), BellLineOver(strip * width_, width_, stddev)});
    for (uint64_t level = 0; level << kUnitShift < left; ++level) {
      const uint64_t is_under = (level + 1) << kUnitShift <= right ? 1 : 0;
      boxes_.push_back(static_cast<uint16_t>(strip << 1 | is_under));
    }
    left = bell + kBellSlack;
  }
  boxes_.push_back(static_cast<uint16_t>(strips << 1));
  const auto count = static_cast<uint32_t>(boxes_.size());
  surplus_ = (0 - count) % count;
}

// A word gives the box (upper 32 bits, multiplied down without bias: Lemire 2019), the sign
// (bit 0) and the place within the strip (bits 1 to 24). Nothing when the dart missed.
std::optional<int64_t> BellBoxes::Finish(uint64_t word, Words& words) const {
  const uint64_t product = (word >> 32) * boxes_.size();
  if (static_cast<uint32_t>(product) < surplus_) return std::nullopt;
  const auto box = static_cast<uint32_t>(product >> 32);
  const Throw thrown = box + 1 == boxes_.size() ? ThrowAtTail(words) : ThrowAtBox(box, word, words);
  const bool is_negative = (word & 1) != 0;
  if (!thrown.is_hit || (is_negative && thrown.x == 0)) return std::nullopt;  // zero has one sign
  const auto magnitude = static_cast<int64_t>(thrown.x);
  return is_negative ? -magnitude : magnitude;
}

int64_t BellBoxes::SampleFrom(uint64_t word, Words& words) const {
  while (true) {
    if (const auto sample = Finish(word, words)) return *sample;
    word = words.Next();
  }
}

int64_t BellBoxes::Sample(Words& words) const { return SampleFrom(words.Next(), words); }

// Darts that Finish would keep without another word. Others leave their value and are listed.
size_t BellBoxes::AddSure(std::span<const uint64_t> block, std::span<int64_t> values,
                          std::span<uint16_t> open) const {
  const uint64_t count = boxes_.size(), width = width_, mask = width_mask_;
  const uint32_t surplus = surplus_;
  const uint16_t* const boxes = boxes_.data();
  size_t left = 0;
  for (size_t i = 0; i < block.size(); ++i) {
    const uint64_t word = block[i];
    const uint64_t product = (word >> 32) * count;
    const uint64_t box = boxes[product >> 32];
    const uint64_t place = word >> 1 & mask, negative = word & 1;
    const uint64_t x = (box >> 1) * width + place;
    const uint64_t is_sure =
        (box & 1) & static_cast<uint64_t>(static_cast<uint32_t>(product) >= surplus) &
        static_cast<uint64_t>(place < width) & (static_cast<uint64_t>(x != 0) | (negative ^ 1));
    values[i] += static_cast<int64_t>(((x ^ (0 - negative)) + negative) & (0 - is_sure));
    open[left] = static_cast<uint16_t>(i);
    left += 1 - is_sure;
  }
  return left;
}

void BellBoxes::AddSamples(Words& words, std::span<int64_t> values) const {
  // A word is a sample: wiped at the end.
  crypto::Secret memory = crypto::Secret::OfSize(kBlock * sizeof(uint64_t));
  const std::span block(reinterpret_cast<uint64_t*>(memory.mutable_bytes().data()), kBlock);
  std::array<uint16_t, kBlock> open;
  while (!values.empty()) {
    const size_t count = std::min(values.size(), kBlock);
    words.Take(block.first(count));
    const size_t left = AddSure(block.first(count), values, open);
    for (size_t i = 0; i < left; ++i) values[open[i]] += SampleFrom(block[open[i]], words);
    values = values.subspan(count);
  }
}

BellBoxes::Throw BellBoxes::ThrowAtBox(uint32_t box, uint64_t word, Words& words) const {
  const uint64_t strip = boxes_[box] >> 1;
  const uint64_t x = strip * width_ + BelowWidth(word >> 1, words);
  if ((boxes_[box] & 1) != 0) return {x, true};
  const Dart dart{box - strips_[strip].first_box, kHeightBits, words.Next()};
  // Most are far enough from a straight line through the strip to know without the bell itself.
  if (const auto known = IsUnderLine(dart, x - strip * width_, strips_[strip].line)) {
    return {x, *known};
  }
  return {x, IsUnderBell(dart, BellExponent(x, stddev_), words)};
}

BellBoxes::Throw BellBoxes::ThrowAtTail(Words& words) const {
  uint64_t block = 0;
  uint64_t coins = words.Next();
  while (coins == 0) {
    block += 64;
    coins = words.Next();
  }
  block += static_cast<uint64_t>(std::countr_zero(coins));
  const uint64_t x =
      tail_start_ + block * kStripsPerStddev * width_ + words.Below(kStripsPerStddev * width_);
  const Dart dart{0, static_cast<int>(block) + kTailHeightBits, words.Next()};
  return {x, IsUnderBell(dart, BellExponent(x, stddev_), words)};
}

uint64_t BellBoxes::BelowWidth(uint64_t bits, Words& words) const {
  uint64_t place = bits & width_mask_;
  while (place >= width_) place = words.Next() & width_mask_;
  return place;
}

}  // namespace mutual::privacy
